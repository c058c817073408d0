"""Where every block of a set of CAR archives lies, and which of them are events.

The blocks of one event may lie anywhere in any of the files, so a first pass writes down where each block
is. The items of a file are its events, in the order of its header (without one: as they lie), then its
damaged stretches as they lie; the files follow each other.

Most events have two blocks, and most writers put the payload right before the envelope: `lead` is the length
of that section then, and both are read at once. It is 0 for all others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from ceramic_connectors.car_event import Shape, only_other_block, payload_of, shape_of
from ceramic_connectors.car_header import find_header, read_roots
from ceramic_connectors.car_scan import Gap, Scanner, Section
from ceramic_connectors.files import SourceFile
from ceramic_connectors.index_db import add_file, build_index
from ceramic_connectors.progress import Meter
from ceramic_connectors.window import Window
from ceramic_protocol.cid import DAG_JOSE
from ceramic_protocol.errors import DecodeError

_SCHEMA: Final = (
    """CREATE TABLE blocks (cid BLOB PRIMARY KEY, good INTEGER, file INTEGER, position INTEGER,
       head INTEGER, length INTEGER, lead INTEGER) WITHOUT ROWID""",
    """CREATE TABLE found (file INTEGER, is_gap INTEGER, number INTEGER, cid BLOB, unless_payload INTEGER,
       position INTEGER, length INTEGER, detail TEXT, PRIMARY KEY (file, is_gap, number)) WITHOUT ROWID""",
    "CREATE TABLE payloads (cid BLOB PRIMARY KEY) WITHOUT ROWID",
    """CREATE TABLE items (ordinal INTEGER PRIMARY KEY, file INTEGER, cid BLOB, position INTEGER,
       length INTEGER, detail TEXT)""",
)
_ADD_BLOCK: Final = """
    INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (cid) DO UPDATE SET good = excluded.good,
    file = excluded.file, position = excluded.position, head = excluded.head, length = excluded.length,
    lead = excluded.lead WHERE excluded.good > good"""
_ADD_EVENT: Final = "INSERT INTO found VALUES (?, 0, ?, ?, ?, ?, NULL, NULL)"
_ADD_GAP: Final = "INSERT INTO found VALUES (?, 1, ?, NULL, 0, ?, ?, ?)"
_NUMBER_ITEMS: Final = """
    INSERT INTO items SELECT row_number() OVER (ORDER BY file, is_gap, number) - 1,
    file, cid, position, length, detail FROM found
    WHERE NOT (unless_payload AND cid IN (SELECT cid FROM payloads))"""
_BATCH: Final = 20_000


_Row: TypeAlias = tuple[bytes, bool, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Opening:
    """How a file begins: where its sections start, what is wrong with its header, whether that has roots."""

    start: int
    problem: str | None
    has_roots: bool


def index_archives(files: Sequence[SourceFile], work_dir: Path, meter: Meter) -> Path:
    """Read the files once and write their index into the work folder.

    Raises:
        OutsideError: a file can't be read, or the index can't be written.
    """
    return build_index(work_dir, _SCHEMA, lambda db: _fill(db, files, meter))


def _fill(db: sqlite3.Connection, files: Sequence[SourceFile], meter: Meter) -> None:
    openings = []
    for number, file in enumerate(files):
        add_file(db, number, file)
        openings.append(_add_roots(db, number, file))
    # Envelopes of one file may point at payloads in another.
    with_payloads = not all(opening.has_roots for opening in openings)
    for number, (file, opening) in enumerate(zip(files, openings, strict=True)):
        _Indexer(db, number, opening.has_roots, with_payloads).add(file, opening, meter)
    db.execute(_NUMBER_ITEMS)
    db.execute("DROP TABLE found")
    db.execute("DROP TABLE payloads")
    meter.finish()


def _add_roots(db: sqlite3.Connection, number: int, source: SourceFile) -> _Opening:
    with source.open() as file:
        window = Window(source, file)
        try:
            header = find_header(window)
            roots = enumerate(read_roots(window, header))
            db.executemany(_ADD_EVENT, ((number, order, root, False, 0) for order, root in roots))
        except DecodeError as error:
            db.execute("DELETE FROM found WHERE file = ?", (number,))
            return _Opening(0, error.detail if source.size else "the file is empty", has_roots=False)
    query = "SELECT count(*) FROM (SELECT 1 FROM found WHERE file = ? LIMIT 1)"
    (count,) = db.execute(query, (number,)).fetchone()
    return _Opening(header.end, None, has_roots=count > 0)


class _Indexer:
    """Writes down the sections of one file."""

    def __init__(self, db: sqlite3.Connection, number: int, has_roots: bool, with_payloads: bool) -> None:
        self._db = db
        self._number = number
        self._has_roots = has_roots
        self._with_payloads = with_payloads
        self._found = 0

    def add(self, source: SourceFile, opening: _Opening, meter: Meter) -> None:
        """Index a file from where its sections start."""
        rows: list[_Row] = []
        done = 0
        before: Section | None = None
        with source.open() as file:
            for found in Scanner(Window(source, file)).scan(opening.start, opening.problem):
                if isinstance(found, Gap):
                    self._add_gap(found)
                    continue
                cid, position, body, end, good, _ = found
                lead = _lead(before, found)
                rows.append((cid, good, self._number, position, body - position, end - body, lead))
                before = found
                if self._with_payloads:
                    self._add_shape(found)
                if len(rows) >= _BATCH:
                    self._add_blocks(rows)
                    meter.advance(end - done)
                    done = end
        self._add_blocks(rows)
        meter.advance(source.size - done)

    def _add_blocks(self, rows: list[_Row]) -> None:
        # In the order of the table, a batch touches each of its pages once.
        rows.sort()
        self._db.executemany(_ADD_BLOCK, rows)
        rows.clear()

    def _add_gap(self, gap: Gap) -> None:
        self._db.execute(_ADD_GAP, (self._number, self._next(), gap.position, gap.length, gap.detail))

    def _add_shape(self, section: Section) -> None:
        payload = payload_of(section.block) if section.cid.codec == DAG_JOSE else None
        if payload is not None:
            self._db.execute("INSERT OR IGNORE INTO payloads VALUES (?)", (payload,))
        shape = Shape.OTHER if self._has_roots else shape_of(section.cid, bytes(section.block))
        if shape is not Shape.OTHER:
            unless_payload = shape is Shape.UNLESS_PAYLOAD
            row = (self._number, self._next(), section.cid, unless_payload, section.position)
            self._db.execute(_ADD_EVENT, row)

    def _next(self) -> int:
        self._found += 1
        return self._found


def _lead(before: Section | None, section: Section) -> int:
    """How long the section before an envelope is, if that and the envelope are a whole event as they lie."""
    if section.cid.codec != DAG_JOSE or before is None or before.end != section.position:
        return 0
    are_plain = before.good and section.good and before.is_usual and section.is_usual
    if not are_plain or only_other_block(bytes(section.block)) != before.cid:
        return 0
    return before.end - before.position
