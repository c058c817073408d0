"""Strict DAG-CBOR: one byte form for each value, limits before allocation.

Decoding refuses what events.md 8.2 lists: non-minimal lengths, unsorted or double keys, indefinite lengths,
half and single floats, NaN, infinities, `undefined`, tags other than 42, bytes behind the value.
"""

from __future__ import annotations

import math
import struct
from typing import Final, TypeAlias

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, EncodeError, IdentifierError
from ceramic_protocol.limits import MAX_CBOR_DEPTH
from ceramic_protocol.reasons import Reason

IpldValue: TypeAlias = (
    bool | int | float | str | bytes | Cid | list["IpldValue"] | dict[str, "IpldValue"] | None
)

_INT, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_SMALLEST: Final = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
_CONSTANTS: Final[dict[int, bool | None]] = {0xF4: False, 0xF5: True, 0xF6: None}
_FLOAT64: Final = 0xFB
_LINK_TAG: Final = 42
_SHORT_TEXT: Final = 0x60
_SHORT_MAP: Final = 0xA0
_INT_LIMIT: Final = 1 << 64

# How a link to a dag-jose or dag-cbor block begins, and how many bytes it has.
_JOSE_LINK: Final = b"\x58\x26\0\x01\x85\x01\x12\x20"
_JOSE_LINK_SIZE: Final = 40
_CBOR_LINK: Final = b"\x58\x25\0\x01\x71\x12\x20"
_CBOR_LINK_SIZE: Final = 39


def _fail(detail: str) -> DecodeError:
    return DecodeError(Reason.CBOR_MALFORMED, detail)


def decode(data: bytes) -> IpldValue:
    """The value of a DAG-CBOR block.

    Raises:
        DecodeError: `cbor_malformed`, with the position in the detail.
    """
    try:
        value, end = _item(data, 0, MAX_CBOR_DEPTH)
    except IndexError:
        msg = f"cut short at byte {len(data)}"
        raise _fail(msg) from None
    except UnicodeDecodeError:
        msg = "text is not UTF-8"
        raise _fail(msg) from None
    if end != len(data):
        msg = f"{len(data) - end} bytes behind the value"
        raise _fail(msg)
    return value


def _item(data: bytes, pos: int, depth: int) -> tuple[IpldValue, int]:
    """The value at `pos` and the position behind it; an IndexError means that the bytes end too early.

    The hot path of everything: one call per value, and no helper for heads of one byte.
    """
    initial = data[pos]
    major, number = initial >> 5, initial & 31
    pos += 1
    if number > 23:
        # Lengths and tags of one byte are all but a few.
        if number == 24 and data[pos] > 23:
            number, pos = data[pos], pos + 1
        else:
            number, pos = _argument(data, pos, initial)
    if major == _TEXT:
        end = pos + number
        if end > len(data):
            raise IndexError
        return data[pos:end].decode(), end
    if major == _INT:
        return number, pos
    if major == _MAP:
        return _map(data, pos, number, depth)
    if major == _BYTES:
        end = pos + number
        if end > len(data):
            raise IndexError
        return data[pos:end], end
    if major == _LIST:
        return _list(data, pos, number, depth)
    if major == _TAG:
        return _link(data, pos, number)
    if major == _NEGATIVE:
        return -1 - number, pos
    return _simple(data, pos, initial)


def _argument(data: bytes, pos: int, initial: int) -> tuple[int, int]:
    info = initial & 31
    if info > 27:
        msg = f"indefinite or reserved length at byte {pos - 1}"
        raise _fail(msg)
    width = 1 << info - 24
    end = pos + width
    if end > len(data):
        raise IndexError
    value = int.from_bytes(data[pos:end], "big")
    if value < _SMALLEST[width] and initial >> 5 != _SIMPLE:
        msg = f"number at byte {pos - 1} is not minimal"
        raise _fail(msg)
    return value, end


def _list(data: bytes, pos: int, count: int, depth: int) -> tuple[list[IpldValue], int]:
    if depth <= 0 or count > len(data) - pos:
        raise _too_much(pos, depth)
    items: list[IpldValue] = []
    item: IpldValue
    for _ in range(count):
        length = data[pos] - _SHORT_MAP
        if 0 <= length < 24:
            item, pos = _map(data, pos + 1, length, depth - 1)
        else:
            item, pos = _item(data, pos, depth - 1)
        items.append(item)
    return items, pos


def _map(data: bytes, pos: int, count: int, depth: int) -> tuple[dict[str, IpldValue], int]:
    if depth <= 0 or 2 * count > len(data) - pos:
        raise _too_much(pos, depth)
    items: dict[str, IpldValue] = {}
    # Nothing sorts before the empty key but this.
    last_length, last = -1, b""
    for _ in range(count):
        initial = data[pos]
        length = initial & 31
        if initial >> 5 != _TEXT:
            msg = f"map key at byte {pos} is not text"
            raise _fail(msg)
        pos += 1
        if length > 23:
            length, pos = _argument(data, pos, initial)
        end = pos + length
        if end > len(data):
            raise IndexError
        key = data[pos:end]
        if length < last_length or (length == last_length and key <= last):
            msg = f"map key at byte {pos} is double or out of order"
            raise _fail(msg)
        last_length, last = length, key
        length = data[end] - _SHORT_TEXT
        if 0 <= length < 24 and end + length < len(data):
            pos = end + 1 + length
            items[key.decode()] = data[end + 1 : pos].decode()
        else:
            items[key.decode()], pos = _item(data, end, depth - 1)
    return items, pos


def _too_much(pos: int, depth: int) -> DecodeError:
    if depth <= 0:
        return _fail(f"nested deeper than {MAX_CBOR_DEPTH}")
    return _fail(f"list or map at byte {pos} claims more items than there are bytes")


def _link(data: bytes, pos: int, tag: int) -> tuple[Cid, int]:
    if tag != _LINK_TAG:
        msg = f"tag {tag} is not a link"
        raise _fail(msg)
    if data.startswith(_JOSE_LINK, pos):
        end = pos + _JOSE_LINK_SIZE
    elif data.startswith(_CBOR_LINK, pos):
        end = pos + _CBOR_LINK_SIZE
    else:
        return _unusual_link(data, pos)
    if end > len(data):
        raise IndexError
    return Cid(data[pos + 3 : end]), end


def _unusual_link(data: bytes, pos: int) -> tuple[Cid, int]:
    content, end = _item(data, pos, 0) if data[pos] >> 5 == _BYTES else (b"", pos)
    if not isinstance(content, bytes) or not content.startswith(b"\0"):
        msg = f"link at byte {pos} is not a byte string that starts with 00"
        raise _fail(msg)
    try:
        return Cid.from_bytes(content[1:]), end
    except IdentifierError as error:
        raise _fail(str(error)) from None


def _simple(data: bytes, pos: int, initial: int) -> tuple[bool | float | None, int]:
    if initial in _CONSTANTS:
        return _CONSTANTS[initial], pos
    if initial != _FLOAT64:
        msg = f"simple value {initial:#x} before byte {pos}"
        raise _fail(msg)
    (value,) = struct.unpack_from(">d", data, pos - 8)
    if not math.isfinite(value):
        msg = f"float before byte {pos} is not finite"
        raise _fail(msg)
    return value, pos


def encode(value: object) -> bytes:
    """The DAG-CBOR block of a value built of None, bool, int, float, str, bytes, Cid, list, tuple and dict.

    Raises:
        EncodeError: something that DAG-CBOR can't hold.
    """
    out = bytearray()
    _write(value, out, MAX_CBOR_DEPTH)
    return bytes(out)


def _write_head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    width = 1 if number < 1 << 8 else 2 if number < 1 << 16 else 4 if number < 1 << 32 else 8
    out.append(major << 5 | 23 + width.bit_length())
    out += number.to_bytes(width, "big")


def _write(value: object, out: bytearray, depth: int) -> None:
    if isinstance(value, str):
        _write_text(value, out)
    elif isinstance(value, Cid):
        out += b"\xd8\x2a"
        _write_head(out, _BYTES, len(value) + 1)
        out += b"\0" + value
    elif isinstance(value, bytes):
        _write_head(out, _BYTES, len(value))
        out += value
    elif isinstance(value, dict | list | tuple):
        if depth <= 0:
            msg = f"value is nested deeper than {MAX_CBOR_DEPTH}"
            raise EncodeError(msg)
        if isinstance(value, dict):
            _write_map(value, out, depth)
        else:
            _write_list(value, out, depth)
    else:
        _write_scalar(value, out)


def _write_list(value: list[object] | tuple[object, ...], out: bytearray, depth: int) -> None:
    _write_head(out, _LIST, len(value))
    for item in value:
        _write(item, out, depth - 1)


def _write_scalar(value: object, out: bytearray) -> None:
    if value is None or isinstance(value, bool):
        out.append(0xF6 if value is None else 0xF5 if value else 0xF4)
    elif isinstance(value, int):
        number = value if value >= 0 else -1 - value
        if number >= _INT_LIMIT:
            msg = f"{value} does not fit 64 bits"
            raise EncodeError(msg)
        _write_head(out, _INT if value >= 0 else _NEGATIVE, number)
    elif isinstance(value, float) and math.isfinite(value):
        out += struct.pack(">Bd", _FLOAT64, value)
    else:
        msg = f"DAG-CBOR can't hold {value!r}"
        raise EncodeError(msg)


def _write_text(value: str, out: bytearray) -> None:
    try:
        data = value.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"text is not Unicode: {error}"
        raise EncodeError(msg) from None
    _write_head(out, _TEXT, len(data))
    out += data


def _write_map(value: dict[object, object], out: bytearray, depth: int) -> None:
    items = []
    for key, item in value.items():
        if not isinstance(key, str):
            msg = f"map key {key!r} is not text"
            raise EncodeError(msg)
        encoded = bytearray()
        _write_text(key, encoded)
        items.append((bytes(encoded), item))
    # An encoded head grows with the length, so bytewise order of encoded keys is "length first".
    items.sort(key=lambda pair: pair[0])
    _write_head(out, _MAP, len(items))
    for part, item in items:
        out += part
        _write(item, out, depth - 1)
