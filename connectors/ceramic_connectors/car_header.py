"""The header of a CAR archive: it names every event of the archive, so it can be large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ceramic_connectors.window import REACH, Window
from ceramic_protocol import car
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.limits import MAX_ARCHIVE_HEADER_BYTES
from ceramic_protocol.reasons import Reason

_DECODED_AT_ONCE: Final = 1024 * 1024
_OPENING: Final = b"\xa2\x65roots"
_CLOSING: Final = b"\x67version\x01"
_LINK: Final = b"\xd8\x2a\x58"


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header block of an archive lies, in bytes from the start of the file."""

    start: int
    end: int


def find_header(window: Window) -> Header:
    """The bounds of the header.

    Raises:
        DecodeError: the file ends before it does, or it is over its limit.
    """
    window.hold(0, REACH)
    length, start = car.read_length(window.slice(0, REACH), 0)
    if length > MAX_ARCHIVE_HEADER_BYTES:
        raise _malformed(f"header of {length} bytes is over {MAX_ARCHIVE_HEADER_BYTES}")
    if start + length > window.size:
        raise DecodeError(Reason.CAR_TRUNCATED, f"the file ends inside the header of {length} bytes")
    return Header(start, start + length)


def read_roots(window: Window, header: Header) -> Iterator[Cid]:
    """The roots in order. A large header has to be of the usual form and is never held as a whole.

    Raises:
        DecodeError: `car_malformed`, after the roots before the fault.
    """
    if header.end - header.start <= _DECODED_AT_ONCE:
        window.hold(header.start, _DECODED_AT_ONCE)
        yield from car.decode_header(window.slice(header.start, header.end))
        return
    window.hold(header.start, REACH)
    count, pos = _count(window.slice(header.start, header.start + 16), header.start)
    for _ in range(count):
        root, pos = _root(window, pos)
        yield root
    window.hold(pos, REACH)
    if pos + len(_CLOSING) != header.end or window.slice(pos, header.end) != _CLOSING:
        raise _malformed("header does not end with its version, 1")


def _count(data: bytes, start: int) -> tuple[int, int]:
    at = len(_OPENING)
    if not data.startswith(_OPENING) or data[at] not in (0x99, 0x9A):
        raise _malformed("large header does not start with its roots")
    width = 2 if data[at] == 0x99 else 4
    end = at + 1 + width
    return int.from_bytes(data[at + 1 : end], "big"), start + end


def _root(window: Window, pos: int) -> tuple[Cid, int]:
    window.hold(pos, 2 * REACH)
    head = window.slice(pos, pos + 5)
    if len(head) < 5 or not head.startswith(_LINK) or head[4] != 0:
        raise _malformed(f"no link at byte {pos} of the header")
    end = pos + 4 + head[3]
    try:
        return Cid.from_bytes(window.slice(pos + 5, end)), end
    except IdentifierError as error:
        raise _malformed(f"link at byte {pos}: {error}") from None


def _malformed(detail: str) -> DecodeError:
    return DecodeError(Reason.CAR_MALFORMED, detail)
