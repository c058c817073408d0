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
_INT_LIMIT: Final = 1 << 64


def _fail(detail: str) -> DecodeError:
    return DecodeError(Reason.CBOR_MALFORMED, detail)


def decode(data: bytes) -> IpldValue:
    """The value of a DAG-CBOR block.

    Raises:
        DecodeError: `cbor_malformed`, with the position in the detail.
    """
    value, end = _item(data, 0, MAX_CBOR_DEPTH)
    if end != len(data):
        msg = f"{len(data) - end} bytes behind the value"
        raise _fail(msg)
    return value


def _head(data: bytes, pos: int) -> tuple[int, int, int]:
    try:
        initial = data[pos]
    except IndexError:
        msg = f"cut short at byte {pos}"
        raise _fail(msg) from None
    info = initial & 31
    pos += 1
    if info < 24:
        return initial >> 5, info, pos
    if info > 27:
        msg = f"indefinite or reserved length at byte {pos - 1}"
        raise _fail(msg)
    width = 1 << info - 24
    end = pos + width
    value = int.from_bytes(data[pos:end], "big")
    if end > len(data):
        msg = f"cut short at byte {pos}"
        raise _fail(msg)
    if value < _SMALLEST[width] and initial >> 5 != _SIMPLE:
        msg = f"number at byte {pos - 1} is not minimal"
        raise _fail(msg)
    return initial >> 5, value, end


def _item(data: bytes, pos: int, depth: int) -> tuple[IpldValue, int]:
    major, number, start = _head(data, pos)
    if major == _TEXT:
        return _text(data, start, start + number)
    if major == _INT:
        return number, start
    if major == _MAP:
        return _map(data, start, number, depth)
    if major == _BYTES:
        end = start + number
        if end > len(data):
            msg = f"byte string at {pos} is cut short"
            raise _fail(msg)
        return data[start:end], end
    if major == _LIST:
        return _list(data, start, number, depth)
    if major == _NEGATIVE:
        return -1 - number, start
    if major == _TAG:
        return _link(data, start, number)
    return _simple(data, pos)


def _text(data: bytes, start: int, end: int) -> tuple[str, int]:
    if end > len(data):
        msg = f"text at {start} is cut short"
        raise _fail(msg)
    try:
        return data[start:end].decode("utf-8"), end
    except UnicodeDecodeError:
        msg = f"text at {start} is not UTF-8"
        raise _fail(msg) from None


def _list(data: bytes, pos: int, count: int, depth: int) -> tuple[list[IpldValue], int]:
    _check_nesting(data, pos, count, depth)
    items = []
    for _ in range(count):
        item, pos = _item(data, pos, depth - 1)
        items.append(item)
    return items, pos


def _map(data: bytes, pos: int, count: int, depth: int) -> tuple[dict[str, IpldValue], int]:
    _check_nesting(data, pos, 2 * count, depth)
    items: dict[str, IpldValue] = {}
    last = b""
    for index in range(count):
        major, length, start = _head(data, pos)
        if major != _TEXT:
            msg = f"map key at byte {pos} is not text"
            raise _fail(msg)
        key, pos = _text(data, start, start + length)
        raw = data[start:pos]
        if index and (len(raw), raw) <= (len(last), last):
            msg = f"map key {key!r} is double or out of order"
            raise _fail(msg)
        last = raw
        items[key], pos = _item(data, pos, depth - 1)
    return items, pos


def _check_nesting(data: bytes, pos: int, least_bytes: int, depth: int) -> None:
    if depth <= 0:
        msg = f"nested deeper than {MAX_CBOR_DEPTH}"
        raise _fail(msg)
    if least_bytes > len(data) - pos:
        msg = f"list or map at byte {pos} claims more items than there are bytes"
        raise _fail(msg)


def _link(data: bytes, pos: int, tag: int) -> tuple[Cid, int]:
    if tag != _LINK_TAG:
        msg = f"tag {tag} is not a link"
        raise _fail(msg)
    major, length, start = _head(data, pos)
    end = start + length
    if major != _BYTES or end > len(data) or data[start : start + 1] != b"\0":
        msg = f"link at byte {pos} is not a byte string that starts with 00"
        raise _fail(msg)
    try:
        return Cid.from_bytes(data[start + 1 : end]), end
    except IdentifierError as error:
        raise _fail(str(error)) from None


def _simple(data: bytes, pos: int) -> tuple[bool | float | None, int]:
    initial = data[pos]
    if initial in _CONSTANTS:
        return _CONSTANTS[initial], pos + 1
    if initial != _FLOAT64:
        msg = f"simple value {initial:#x} at byte {pos}"
        raise _fail(msg)
    (value,) = struct.unpack_from(">d", data, pos + 1)
    if not math.isfinite(value):
        msg = f"float at byte {pos} is not finite"
        raise _fail(msg)
    return value, pos + 9


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
