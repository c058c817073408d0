"""RLP, in which Ethereum writes what it hashes (yellow paper, appendix B). Writing only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

Item: TypeAlias = bytes | int | Sequence["Item"]
"""What RLP can hold; a number stands for its bytes without leading zeros."""

_TEXT: Final = 0x80
_LIST: Final = 0xC0
_SHORT: Final = 55


def encode(item: Item) -> bytes:
    """The bytes of an item. Lists may be nested as deep as the caller makes them."""
    if isinstance(item, int):
        return encode(item.to_bytes((item.bit_length() + 7) // 8, "big"))
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < _TEXT else _head(_TEXT, len(item)) + item
    body = b"".join(map(encode, item))
    return _head(_LIST, len(body)) + body


def _head(kind: int, length: int) -> bytes:
    if length <= _SHORT:
        return bytes([kind + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([kind + _SHORT + len(size)]) + size
