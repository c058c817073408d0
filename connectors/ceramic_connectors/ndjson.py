"""Events as lines of JSON: `ndjson:PATH`, each line `{"cid", "car"}` (api.md; design.md 4.1)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

import orjson

from ceramic_connectors.batching import paged
from ceramic_connectors.event_text import read_event_text
from ceramic_connectors.files import SourceFile
from ceramic_connectors.index_db import describe_file, read_index, total_size
from ceramic_connectors.lines import Line, read_lines
from ceramic_connectors.ndjson_index import Part, index_lines, nearest_mark, read_parts
from ceramic_connectors.outside import outside
from ceramic_connectors.progress import Meter, Progress
from ceramic_connectors.resuming import cursor_of, rest_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_DAMAGE_BYTES, MAX_LINE_BYTES
from ceramic_protocol.ports import Damage, EventSource, RawEvent, SourceItem, SourcePage

_COUNT: Final = "SELECT coalesce(max(start + lines + (problem IS NOT NULL)), 0) FROM parts"
_BUFFER: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class NdjsonFile:
    """The events of one or more NDJSON files, plain or gzip, read through an index in a work folder.

    Positions are byte offsets in the plain text.
    """

    index: Path
    count: int
    size: int

    @classmethod
    def build(cls, files: Sequence[SourceFile], work_dir: Path, progress: Progress | None = None) -> Self:
        """Read the files once, unpack what is packed, and index the lines.

        Raises:
            OutsideError: a file can't be read, or the work folder can't be written.
        """
        index = index_lines(files, work_dir, Meter(sum(file.size for file in files), progress))
        with read_index(index) as db:
            (count,) = db.execute(_COUNT).fetchone()
            return cls(index, count, total_size(db))

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`.

        Raises:
            OutsideError: index or files can no longer be read, or a file was changed.
        """
        start, stop = max(start, 0), min(stop, self.count)
        if start < stop:
            with read_index(self.index) as db:
                yield from paged(enumerate(_items(db, start, stop), start), stop)

    def cursor(self) -> dict[str, Any]:
        """See `Resumable`."""
        return cursor_of(self)

    def since(self, cursor: Mapping[str, Any]) -> EventSource | None:
        """See `Resumable`; a source goes on where it only grew at its end."""
        return rest_of(self, cursor)


def _items(db: sqlite3.Connection, start: int, stop: int) -> Iterator[SourceItem]:
    for part in read_parts(db, start, stop):
        plain = describe_file(db, part.number)
        first = max(start - part.start, 0)
        last = min(stop - part.start, part.lines)
        if first < last:
            yield from _lines(db, part, plain, first, last)
        if part.problem is not None and stop >= part.stop:
            yield Damage(part.problem, part.source, plain.size, 0, b"")


def _lines(
    db: sqlite3.Connection, part: Part, plain: SourceFile, first: int, last: int
) -> Iterator[SourceItem]:
    marked, position = nearest_mark(db, part.number, first)
    with plain.open(_BUFFER) as file, outside(f"read {plain.path}"):
        for line in islice(read_lines(file, position), first - marked, last - marked):
            yield parse_line(line, part.source)


def parse_line(line: Line, source: str) -> SourceItem:
    """The event on a line, or why there is none."""
    found = _parse(line.data) if line.is_whole else f"the line is over {MAX_LINE_BYTES} bytes"
    if isinstance(found, str):
        return Damage(found, source, line.position, line.length, line.data[:MAX_DAMAGE_BYTES])
    car, cid = found
    return RawEvent(car, cid, source, line.position)


def _parse(data: bytes) -> tuple[bytes, Cid | None] | str:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return f"the line is not JSON: {error}"
    car, cid = (value.get("car"), value.get("cid")) if isinstance(value, dict) else (None, None)
    if not isinstance(car, str) or not isinstance(cid, str | None):
        return 'the line is not {"cid": text, "car": text}'
    return read_event_text(car, cid, "the line")
