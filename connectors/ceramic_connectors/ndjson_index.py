"""How many lines the files of an NDJSON source have, and where every 256th of them starts.

Each line that is not blank is an item. A gzip file that can't be read to its end has one item more, behind
its lines.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors.files import SourceFile
from ceramic_connectors.index_db import add_file, build_index
from ceramic_connectors.lines import read_lines
from ceramic_connectors.outside import outside
from ceramic_connectors.progress import Meter
from ceramic_connectors.spool import is_gzip, unpack

_SCHEMA: Final = (
    "CREATE TABLE parts (file INTEGER PRIMARY KEY, source BLOB, start INTEGER, lines INTEGER, problem TEXT)",
    """CREATE TABLE marks (file INTEGER, line INTEGER, position INTEGER, PRIMARY KEY (file, line))
       WITHOUT ROWID""",
)
_MARK_EVERY: Final = 256
_BUFFER: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the source: number, path as given, ordinal of its first item, lines, and what is wrong."""

    number: int
    source: str
    start: int
    lines: int
    problem: str | None

    @property
    def stop(self) -> int:
        """Ordinal behind its last item."""
        return self.start + self.lines + (self.problem is not None)


def index_lines(files: Sequence[SourceFile], work_dir: Path, meter: Meter) -> Path:
    """Read the files once, unpack those that are packed, and write their index into the work folder.

    Raises:
        OutsideError: a file can't be read, or the work folder can't be written.
    """
    return build_index(work_dir, _SCHEMA, lambda db: _fill(db, files, work_dir, meter))


def read_parts(db: sqlite3.Connection, start: int, stop: int) -> Iterator[Part]:
    """The files that have items from ordinal `start` up to but not including `stop`, in order."""
    query = """SELECT * FROM parts WHERE start < ? AND start + lines + (problem IS NOT NULL) > ?
               ORDER BY file"""
    for number, source, first, lines, problem in db.execute(query, (stop, start)):
        yield Part(number, os.fsdecode(source), first, lines, problem)


def nearest_mark(db: sqlite3.Connection, number: int, line: int) -> tuple[int, int]:
    """Number and byte position of a line at or a little before `line` of a file."""
    query = "SELECT line, position FROM marks WHERE file = ? AND line <= ? ORDER BY line DESC LIMIT 1"
    found: tuple[int, int] = db.execute(query, (number, line)).fetchone()
    return found


def _fill(db: sqlite3.Connection, files: Sequence[SourceFile], work_dir: Path, meter: Meter) -> None:
    start = 0
    for number, source in enumerate(files):
        packed = is_gzip(source)
        plain, problem = unpack(source, work_dir, meter) if packed else (source, None)
        add_file(db, number, plain)
        lines = _add_marks(db, number, plain, None if packed else meter)
        part = Part(number, source.path, start, lines, problem)
        row = (number, os.fsencode(part.source), part.start, part.lines, part.problem)
        db.execute("INSERT INTO parts VALUES (?, ?, ?, ?, ?)", row)
        start = part.stop
    meter.finish()


def _add_marks(db: sqlite3.Connection, number: int, plain: SourceFile, meter: Meter | None) -> int:
    lines = 0
    with plain.open(_BUFFER) as file, outside(f"read {plain.path}"):
        for line in read_lines(file):
            if lines % _MARK_EVERY == 0:
                db.execute("INSERT INTO marks VALUES (?, ?, ?)", (number, lines, line.position))
            if meter is not None:
                meter.advance(line.length)
            lines += 1
    return lines
