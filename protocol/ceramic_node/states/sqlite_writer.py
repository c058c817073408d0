"""The only writer of a store of states in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any, Final

from ceramic_node.states.records import Awaited, EventRow, StateHead, StreamRow
from ceramic_node.states.schema import EMPTIED
from ceramic_node.states.sqlite_rows import (
    EVENT,
    EVENT_COLUMNS,
    STREAM,
    STREAM_COLUMNS,
    change_columns,
    event_columns,
    event_row,
    of,
    stream_columns,
    stream_row,
)
from ceramic_node.states.waking import Wave, take
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction
from ceramic_protocol.ids import StreamId

# ruff: noqa: S608 - the only names that come into statements are those of columns and tables


def _update(columns: str) -> str:
    names = (name.strip() for name in columns.split(","))
    return ", ".join(f"{name} = excluded.{name}" for name in names if name != "cid")


_HEAD: Final = "SELECT version, number, at, generation, rules FROM head"
_GET_STREAM: Final = f"SELECT id, {STREAM} FROM stream WHERE cid = ?"
_ADD_STREAM: Final = f"INSERT INTO stream ({STREAM}) VALUES ({', '.join('?' * STREAM_COLUMNS)})"
_SET_STREAM: Final = f"UPDATE stream SET ({STREAM}) = ({', '.join('?' * STREAM_COLUMNS)}) WHERE id = ?"
GET_EVENT: Final = (
    f"SELECT {of('event', EVENT)}, stream.cid FROM event JOIN stream ON stream.id = event.stream"
    " WHERE event.cid = ?"
)
_PUT_EVENT: Final = (
    f"INSERT INTO event ({EVENT}) VALUES ({', '.join('?' * EVENT_COLUMNS)})"
    f" ON CONFLICT (cid) DO UPDATE SET {_update(EVENT)}"
)
_WAVE: Final = "target, last_need, model, after, last"
_WAKE: Final = (
    f"INSERT INTO wave ({_WAVE}) VALUES (?, ?, ?, 0, ?) ON CONFLICT (target) DO UPDATE"
    f" SET {_update('last_need, model, after, last')}"
)
_DOCUMENTS: Final = "FROM stream WHERE model = ? AND stream_type = 3"


def read_head(db: sqlite3.Connection) -> StateHead:
    """How far the store has come."""
    return StateHead(*db.execute(_HEAD).fetchone())


class SqliteWriter:
    """A `StateWriter`, and `Waves`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Begin within a transaction; `finish` comes at its end."""
        self._db = db
        self._ids: dict[Cid, int | None] = {}
        self._before = self._head = read_head(db)

    def finish(self) -> None:
        """Keep how far the store has come."""
        if self._head != self._before:
            self._db.execute(
                "UPDATE head SET (version, number, at, generation, rules) = (?, ?, ?, ?, ?)", self._head
            )

    @property
    def head(self) -> StateHead:
        """See `StateWriter`."""
        return self._head

    def draw(self) -> int:
        """See `StateWriter`."""
        number = self._head.number + 1
        self._head = self._head._replace(number=number)
        return number

    def move_to(self, *, version: int | None = None, at: int | None = None, rules: str | None = None) -> None:
        """See `StateWriter`."""
        head = self._head
        self._head = head._replace(
            version=head.version if version is None else version,
            at=head.at if at is None else at,
            rules=head.rules if rules is None else rules,
        )

    def stream(self, stream: Cid) -> StreamRow | None:
        """See `StateWriter`."""
        found = self._db.execute(_GET_STREAM, (stream,)).fetchone()
        self._ids[stream] = None if found is None else found[0]
        return None if found is None else stream_row(found[1:])

    def _id(self, stream: Cid) -> int | None:
        if stream not in self._ids:
            self.stream(stream)
        return self._ids[stream]

    def events(self, cids: Collection[Cid]) -> dict[Cid, EventRow]:
        """See `StateWriter`."""
        return read_events(self._db, cids)

    def put_stream(self, row: StreamRow) -> None:
        """See `StateWriter`."""
        number = self._id(row.stream)
        if number is None:
            self._ids[row.stream] = self._db.execute(_ADD_STREAM, stream_columns(row)).lastrowid
        else:
            self._db.execute(_SET_STREAM, (*stream_columns(row), number))

    def put_events(self, rows: Iterable[EventRow]) -> None:
        """See `StateWriter`."""
        for row in rows:
            stream = self._id(row.stream)
            if stream is None:
                raise AssertionError("an event before its stream")
            self._db.execute(_PUT_EVENT, event_columns(row, stream))

    def add_change(self, stream: Cid, correction: Correction) -> None:
        """See `StateWriter`."""
        number = self._id(stream)
        if number is None:
            raise AssertionError("a change before its stream")
        columns = change_columns(self.draw(), number, correction)
        self._db.execute("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)", columns)

    def need(self, stream: Cid, targets: Iterable[Cid]) -> None:
        """See `StateWriter`."""
        for target in targets:
            self._db.execute("INSERT OR IGNORE INTO need VALUES (?, ?, ?)", (self.draw(), target, stream))

    def wake(self, target: Cid, model: StreamId | None = None) -> bool:
        """See `StateWriter`."""
        is_needed = self._one("SELECT 1 FROM need WHERE target = ? LIMIT 1", target) is not None
        has_documents = model is not None and self._one(f"SELECT 1 {_DOCUMENTS} LIMIT 1", model) is not None
        if is_needed or has_documents:
            last = self._one("SELECT max(id) FROM stream") if has_documents else 0
            self._db.execute(_WAKE, (target, self._head.number, model, last))
        return is_needed

    def _one(self, statement: str, *values: object) -> Any:
        found = self._db.execute(statement, values).fetchone()
        return None if found is None else found[0]

    def take_woken(self, limit: int) -> list[Awaited]:
        """See `StateWriter`."""
        return take(self, limit)

    def next_wave(self) -> Wave | None:
        """See `Waves`."""
        found = self._db.execute(f"SELECT {_WAVE} FROM wave ORDER BY turn LIMIT 1").fetchone()
        if found is None:
            return None
        target, last_need, model, after, last = found
        self._db.execute("DELETE FROM wave WHERE target = ?", (target,))
        return Wave(Cid(target), last_need, None if model is None else StreamId(model), after, last)

    def put_back(self, wave: Wave) -> None:
        """See `Waves`."""
        self._db.execute(f"INSERT INTO wave ({_WAVE}) VALUES (?, ?, ?, ?, ?)", wave)

    def take_needs(self, wave: Wave, limit: int) -> list[Cid]:
        """See `Waves`."""
        asked = "SELECT id, stream FROM need WHERE target = ? AND id <= ? LIMIT ?"
        found = self._db.execute(asked, (wave.target, wave.last_need, limit)).fetchall()
        self._db.executemany("DELETE FROM need WHERE id = ?", [(number,) for number, _stream in found])
        return [Cid(stream) for _number, stream in found]

    def documents(self, wave: Wave, limit: int) -> tuple[list[Cid], int]:
        """See `Waves`."""
        asked = f"SELECT id, cid {_DOCUMENTS} AND id > ? AND id <= ? ORDER BY id LIMIT ?"
        found = self._db.execute(asked, (wave.model, wave.after, wave.last, limit)).fetchall()
        return [Cid(stream) for _number, stream in found], found[-1][0] if found else wave.last

    def due(self, at: int, limit: int) -> list[Cid]:
        """See `StateWriter`."""
        asked = "SELECT cid FROM stream WHERE turns_at <= ? ORDER BY turns_at LIMIT ?"
        return [Cid(stream) for (stream,) in self._db.execute(asked, (at, limit))]

    def defer(self, stream: Cid) -> None:
        """See `StateWriter`."""
        self._db.execute("INSERT OR IGNORE INTO long (stream) VALUES (?)", (stream,))

    def settle(self, stream: Cid) -> None:
        """See `StateWriter`."""
        self._db.execute("DELETE FROM long WHERE stream = ?", (stream,))

    def deferred(self) -> list[Cid]:
        """See `StateWriter`."""
        return [Cid(stream) for (stream,) in self._db.execute("SELECT stream FROM long ORDER BY turn")]

    def clear(self) -> None:
        """See `StateWriter`."""
        for table in EMPTIED:
            self._db.execute(f"DELETE FROM {table}")
        self._ids.clear()
        self._head = self._head._replace(version=0, at=0)


def read_events(db: sqlite3.Connection, cids: Collection[Cid]) -> dict[Cid, EventRow]:
    """Events with their streams, for as many of them as are there."""
    found: dict[Cid, EventRow] = {}
    for cid in cids:
        columns = db.execute(GET_EVENT, (cid,)).fetchone()
        if columns is not None:
            found[cid] = event_row(columns[:EVENT_COLUMNS], Cid(columns[EVENT_COLUMNS]))
    return found
