"""CARv1 in memory: the archive form in which one event travels (events.md 3.5).

Archives with many events are indexed on disk by `ceramic_connectors.archive`; the section form is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ceramic_protocol import dagcbor, varint
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, EncodeError, IdentifierError
from ceramic_protocol.limits import MAX_EVENT_BLOCKS, MAX_EVENT_CAR_BYTES, MAX_SECTION_BYTES
from ceramic_protocol.reasons import Reason

_MAX_LENGTH_BYTES: Final = 9

_NO_LENGTH: Final = b"\xff\xff"

# The header with one root is the same bytes but for the digest, so the usual one need not be decoded.
_HEADER_END: Final = b"gversion\x01"
_ROOT_AT: Final = len(b"\xa2eroots\x81\xd8*X%\0")
_HEADER_STARTS: Final = (
    (b"\xa2eroots\x81\xd8*X&\0\x01\x85\x01\x12\x20", 59),
    (b"\xa2eroots\x81\xd8*X%\0\x01\x71\x12\x20", 58),
)


class Car(NamedTuple):
    """A decoded CARv1. Blocks are as they came: nothing has been hashed."""

    roots: tuple[Cid, ...]
    blocks: tuple[tuple[Cid, bytes], ...]


def read_length(data: bytes, pos: int) -> tuple[int, int]:
    """The length before a header or section, and the position behind it.

    Unlike other varints it may be longer than needed, as the references accept that.

    Raises:
        DecodeError: `car_truncated` if the bytes end first, `car_malformed` if it has no end.
    """
    value = shift = 0
    for index in range(pos, pos + _MAX_LENGTH_BYTES):
        if index >= len(data):
            raise DecodeError(Reason.CAR_TRUNCATED, f"ends inside the length at byte {pos}")
        value |= (data[index] & 0x7F) << shift
        if data[index] < 0x80:
            return value, index + 1
        shift += 7
    raise DecodeError(Reason.CAR_MALFORMED, f"length at byte {pos} has no end")


def decode_header(data: bytes) -> tuple[Cid, ...]:
    """The roots named by a header block.

    Raises:
        DecodeError: `car_malformed`: not the header of a CARv1.
    """
    try:
        header = dagcbor.decode(data)
    except DecodeError as error:
        raise DecodeError(Reason.CAR_MALFORMED, f"header: {error.detail}") from None
    if not isinstance(header, dict) or header.get("version") != 1:
        raise DecodeError(Reason.CAR_MALFORMED, "header is not that of a CAR version 1")
    roots = header.get("roots")
    if not isinstance(roots, list):
        raise DecodeError(Reason.CAR_MALFORMED, "header has no list of roots")
    links = tuple(root for root in roots if isinstance(root, Cid))
    if len(links) != len(roots):
        raise DecodeError(Reason.CAR_MALFORMED, "a root is not a link")
    return links


def _section(data: bytes, pos: int) -> tuple[int, int]:
    # Nearly every section is shorter than 2^14 bytes.
    first, second = data[pos : pos + 2] if pos + 2 <= len(data) else _NO_LENGTH
    if first < 0x80:
        length, start = first, pos + 1
    elif second < 0x80:
        length, start = first & 0x7F | second << 7, pos + 2
    else:
        length, start = read_length(data, pos)
    if length > MAX_SECTION_BYTES:
        detail = f"section of {length} bytes at byte {pos} is over {MAX_SECTION_BYTES}"
        raise DecodeError(Reason.CAR_MALFORMED, detail)
    if start + length > len(data):
        raise DecodeError(Reason.CAR_TRUNCATED, f"ends inside the section at byte {pos}")
    return start, start + length


def decode(data: bytes) -> Car:
    """Split a CARv1 into roots and blocks.

    Raises:
        DecodeError: `car_truncated` or `car_malformed`.
    """
    roots, pos = read_roots(data)
    return Car(roots, tuple(read_blocks(data, pos)))


def read_roots(data: bytes) -> tuple[tuple[Cid, ...], int]:
    """The roots of a CARv1, and the position of its first block.

    Raises:
        DecodeError: `car_truncated` or `car_malformed`.
    """
    if len(data) > MAX_EVENT_CAR_BYTES:
        raise DecodeError(Reason.CAR_MALFORMED, f"CAR of {len(data)} bytes is over {MAX_EVENT_CAR_BYTES}")
    start, end = _section(data, 0)
    return _usual_root(data[start:end]) or decode_header(data[start:end]), end


def read_blocks(data: bytes, pos: int) -> list[tuple[Cid, bytes]]:
    """The blocks of a CARv1 from the position of the first on.

    Raises:
        DecodeError: `car_truncated` or `car_malformed`.
    """
    blocks: list[tuple[Cid, bytes]] = []
    size = len(data)
    while pos < size:
        if len(blocks) >= MAX_EVENT_BLOCKS:
            raise DecodeError(Reason.CAR_MALFORMED, f"more than {MAX_EVENT_BLOCKS} blocks")
        start, end = _section(data, pos)
        try:
            cid, body = Cid.read(data, start)
        except IdentifierError as error:
            raise DecodeError(Reason.CAR_MALFORMED, f"section at byte {pos}: {error}") from None
        if body > end:
            raise DecodeError(Reason.CAR_MALFORMED, f"section at byte {pos} is shorter than its CID")
        blocks.append((cid, data[body:end]))
        pos = end
    return blocks


def _usual_root(header: bytes) -> tuple[Cid, ...]:
    """The root of a header of the one form that all writers use; empty for any other."""
    if header.endswith(_HEADER_END):
        for start, size in _HEADER_STARTS:
            if len(header) == size and header.startswith(start):
                return (Cid(header[_ROOT_AT : -len(_HEADER_END)]),)
    return ()


def encode_header(roots: Iterable[Cid]) -> bytes:
    """Length and header block."""
    listed = list(roots)
    header = _usual_header(listed[0]) if len(listed) == 1 else b""
    header = header or dagcbor.encode({"roots": listed, "version": 1})
    return varint.encode(len(header)) + header


def _usual_header(root: Cid) -> bytes:
    """The header that names one event; empty if its CID has another form than all events' have."""
    for start, size in _HEADER_STARTS:
        if root.startswith(start[_ROOT_AT:]) and _ROOT_AT + len(root) + len(_HEADER_END) == size:
            return start[:_ROOT_AT] + root + _HEADER_END
    return b""


def encode_section(cid: Cid, block: bytes) -> bytes:
    """Length, CID and block."""
    return varint.encode(len(cid) + len(block)) + cid + block


def encode(roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]) -> bytes:
    """A CARv1 with the blocks in the order given.

    Raises:
        EncodeError: no root.
    """
    listed = tuple(roots)
    if not listed:
        msg = "a CAR needs a root"
        raise EncodeError(msg)
    return encode_header(listed) + b"".join(encode_section(cid, block) for cid, block in blocks)
