"""DAG-CBOR as deployed nodes have let it pass, for reading what others stored (events.md 8.2).

Nodes in Rust and JavaScript took in blocks that strict DAG-CBOR has no room for: half and single floats,
numbers in more bytes than needed, unsorted keys, `undefined`. Whoever reads an old store or archive wants
their values all the same. Nothing else should: an event is decided upon by the strict `dagcbor`, and a CID
is always that of the bytes as they came. Encoding the value again gives other bytes, and another CID.
"""

from __future__ import annotations

import math
import struct
from typing import Final

from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.limits import MAX_CBOR_DEPTH
from ceramic_protocol.reasons import Reason

_INT, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_CONSTANTS: Final[dict[int, bool | None]] = {0xF4: False, 0xF5: True, 0xF6: None, 0xF7: None}
_FLOATS: Final = {0xF9: struct.Struct(">e"), 0xFA: struct.Struct(">f"), 0xFB: struct.Struct(">d")}
_LINK_TAG: Final = 42


def decode_lenient(data: bytes) -> IpldValue:
    """The value of a DAG-CBOR block, strict or not; `undefined` becomes None, maps keep their order.

    Still refused is what no node has read or what could be read in two ways: double keys, lengths without
    end, NaN and infinities, tags other than 42, keys that are no text, text that is not UTF-8, bytes behind
    the value. The limits are those of `dagcbor.decode`.

    Raises:
        DecodeError: `cbor_malformed`, with the position in the detail.
    """
    try:
        value, end = _item(data, 0, MAX_CBOR_DEPTH)
    except IndexError:
        raise _fail(f"cut short at byte {len(data)}") from None
    except UnicodeDecodeError:
        raise _fail("text is not UTF-8") from None
    if end != len(data):
        raise _fail(f"{len(data) - end} bytes behind the value")
    return value


def _fail(detail: str) -> DecodeError:
    return DecodeError(Reason.CBOR_MALFORMED, detail)


def _item(data: bytes, pos: int, depth: int) -> tuple[IpldValue, int]:
    """The value at `pos` and the position behind it; an IndexError means that the bytes end too early."""
    initial, number, pos = _head(data, pos)
    major = initial >> 5
    if major == _TEXT:
        text, pos = _string(data, pos, number)
        return text.decode(), pos
    if major == _BYTES:
        return _string(data, pos, number)
    if major == _INT:
        return number, pos
    if major == _NEGATIVE:
        return -1 - number, pos
    if major == _LIST:
        return _list(data, pos, number, depth)
    if major == _MAP:
        return _map(data, pos, number, depth)
    return _link(data, pos, number) if major == _TAG else (_simple(data, pos, initial), pos)


def _head(data: bytes, pos: int) -> tuple[int, int, int]:
    """Initial byte, its number in however many bytes, and the position behind them."""
    initial = data[pos]
    info = initial & 31
    if info < 24:
        return initial, info, pos + 1
    if info > 27:
        raise _fail(f"indefinite or reserved length at byte {pos}")
    end = pos + 1 + (1 << info - 24)
    if end > len(data):
        raise IndexError
    return initial, int.from_bytes(data[pos + 1 : end], "big"), end


def _string(data: bytes, pos: int, length: int) -> tuple[bytes, int]:
    end = pos + length
    if end > len(data):
        raise IndexError
    return data[pos:end], end


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
    for _ in range(count):
        start = pos
        initial, length, pos = _head(data, pos)
        if initial >> 5 != _TEXT:
            raise _fail(f"map key at byte {start} is not text")
        text, pos = _string(data, pos, length)
        key = text.decode()
        if key in items:
            raise _fail(f"map key at byte {start} is double")
        items[key], pos = _item(data, pos, depth - 1)
    return items, pos


def _check_nesting(data: bytes, pos: int, least_bytes: int, depth: int) -> None:
    if depth <= 0:
        raise _fail(f"nested deeper than {MAX_CBOR_DEPTH}")
    if least_bytes > len(data) - pos:
        raise _fail(f"list or map at byte {pos} claims more items than there are bytes")


def _link(data: bytes, pos: int, tag: int) -> tuple[Cid, int]:
    if tag != _LINK_TAG:
        raise _fail(f"tag {tag} is not a link")
    initial, length, start = _head(data, pos)
    content, end = _string(data, start, length) if initial >> 5 == _BYTES else (b"", start)
    if not content.startswith(b"\0"):
        raise _fail(f"link at byte {pos} is not a byte string that starts with 00")
    try:
        return Cid.from_bytes(content[1:]), end
    except IdentifierError as error:
        raise _fail(str(error)) from None


def _simple(data: bytes, pos: int, initial: int) -> bool | float | None:
    if initial in _CONSTANTS:
        return _CONSTANTS[initial]
    form = _FLOATS.get(initial)
    if form is None:
        raise _fail(f"simple value {initial:#x} before byte {pos}")
    value: float = form.unpack_from(data, pos - form.size)[0]
    if not math.isfinite(value):
        raise _fail(f"float before byte {pos} is not finite")
    return value
