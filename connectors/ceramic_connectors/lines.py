"""Lines of a text file one after another, however long they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from ceramic_protocol.limits import MAX_LINE_BYTES

_SKIPPED_AT_ONCE: Final = 1024 * 1024


class Line(NamedTuple):
    """A line at a byte offset. Over `MAX_LINE_BYTES` it is not `is_whole`: `data` is its beginning."""

    position: int
    length: int
    data: bytes
    is_whole: bool


def read_lines(file: BinaryIO, position: int = 0) -> Iterator[Line]:
    """The lines from `position` on, with their line ends, without those that are blank."""
    file.seek(position)
    while data := file.readline(MAX_LINE_BYTES + 1):
        is_whole = len(data) <= MAX_LINE_BYTES or data.endswith(b"\n")
        length = len(data) + (0 if is_whole else _skip_line(file))
        if not is_whole or not data.isspace():
            yield Line(position, length, data, is_whole)
        position += length


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while data := file.readline(_SKIPPED_AT_ONCE):
        skipped += len(data)
        if data.endswith(b"\n"):
            break
    return skipped
