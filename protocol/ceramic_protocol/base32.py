"""Base32 in lower case without padding (RFC 4648), the text of CIDs, several times as fast as Python's own.

Groups of five bits are spread over bytes within one large number, in six steps for 64 of them: in step `k`
those whose place has the bit `k` set move up by three bits for each place that this stands for.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol.errors import IdentifierError

_ALPHABET: Final = b"abcdefghijklmnopqrstuvwxyz234567"
_TO_LETTERS: Final = bytes.maketrans(bytes(range(32)), _ALPHABET)
_BLOCK_BYTES: Final = 40
_GROUPS: Final = 64


def _step(bit: int) -> tuple[int, int]:
    """What stays where it is in a step, and what moves."""
    stays = moves = 0
    for group in range(_GROUPS):
        # By now it has moved for all the higher bits of its place.
        mask = 0b11111 << (5 * group + 3 * (group >> (bit + 1) << (bit + 1)))
        if group >> bit & 1:
            moves |= mask
        else:
            stays |= mask
    return stays, moves


(_S5, _M5), (_S4, _M4), (_S3, _M3), (_S2, _M2), (_S1, _M1), (_S0, _M0) = map(_step, range(5, -1, -1))


def encode(data: bytes) -> str:
    """Text of bytes."""
    return encode_ascii(data).decode("ascii")


def encode_ascii(data: bytes) -> bytes:
    """Text of bytes, as it is sent."""
    if len(data) <= _BLOCK_BYTES:
        return _encode_block(data)
    starts = range(0, len(data), _BLOCK_BYTES)
    return b"".join(_encode_block(data[start : start + _BLOCK_BYTES]) for start in starts)


def _encode_block(data: bytes) -> bytes:
    bits = 8 * len(data)
    length = (bits + 4) // 5
    value = int.from_bytes(data, "big") << (5 * length - bits)
    value = value & _S5 | (value & _M5) << 96
    value = value & _S4 | (value & _M4) << 48
    value = value & _S3 | (value & _M3) << 24
    value = value & _S2 | (value & _M2) << 12
    value = value & _S1 | (value & _M1) << 6
    value = value & _S0 | (value & _M0) << 3
    return value.to_bytes(length, "big").translate(_TO_LETTERS)


class _Digits(dict[int, str]):
    """Letters to the digits of Python's own numbers to base 32; whatever is none to one that is no digit."""

    def __missing__(self, key: int) -> str:
        return "?"


_TO_DIGITS: Final = _Digits(zip(_ALPHABET, "0123456789abcdefghijklmnopqrstuv", strict=True))


def decode(text: str) -> bytes:
    """Bytes of text.

    Raises:
        IdentifierError: there are bits left at its end.
        ValueError: it has other letters.
    """
    # Python reads such numbers in C.
    value = int(text.translate(_TO_DIGITS), 32) if text else 0
    stray = len(text) * 5 % 8
    if stray >= 5 or value & (1 << stray) - 1:
        msg = "base32 text has stray bits at its end"
        raise IdentifierError(msg)
    return (value >> stray).to_bytes(len(text) * 5 // 8, "big")
