"""The only writer of a store of states in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
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
_GET_STREAMS: Final = f"SELECT id, {STREAM} FROM stream WHERE cid IN"
_ADD_STREAM: Final = f"INSERT INTO stream ({STREAM}, id) VALUES ({', '.join('?' * (STREAM_COLUMNS + 1))})"
_SET_STREAM: Final = f"UPDATE stream SET ({STREAM}) = ({', '.join('?' * STREAM_COLUMNS)}) WHERE id = ?"
_GET_EVENTS: Final = (
    f"SELECT {of('event', EVENT)}, stream.cid FROM event JOIN stream ON stream.id = event.stream"
    " WHERE event.cid IN"
)
_AT_ONCE: Final = 64
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
        self._last_id = -1
        # What was read or is to be written: many rows at once cost a fraction of as many statements.
        self._streams: dict[Cid, StreamRow | None] = {}
        self._events: dict[Cid, EventRow | None] = {}
        self._new_streams: dict[Cid, None] = {}
        self._changed_streams: dict[Cid, None] = {}
        self._changed_events: dict[Cid, EventRow] = {}
        self._changes: list[tuple[Any, ...]] = []
        self._may_be_awaited = self._one("SELECT 1 FROM need LIMIT 1") is not None
        self._has_waves = self._one("SELECT 1 FROM wave LIMIT 1") is not None
        self._before = self._head = read_head(db)

    def finish(self) -> None:
        """Write all of it, and how far the store has come."""
        self._flush()
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

    def read_ahead(self, streams: Collection[Cid], events: Collection[Cid]) -> None:
        """See `StateWriter`."""
        self._read_streams([stream for stream in streams if stream not in self._streams])
        self._read_events([cid for cid in events if cid not in self._events])

    def _read_streams(self, streams: Sequence[Cid]) -> None:
        self._ids.update(dict.fromkeys(streams))
        self._streams.update(dict.fromkeys(streams))
        for some in _some(streams):
            for number, *columns in self._db.execute(f"{_GET_STREAMS} ({_marks(len(some))})", some):
                row = stream_row(columns)
                self._ids[row.stream], self._streams[row.stream] = number, row

    def _read_events(self, cids: Sequence[Cid]) -> None:
        self._events.update(dict.fromkeys(cids))
        self._events.update(read_events(self._db, cids))

    def stream(self, stream: Cid) -> StreamRow | None:
        """See `StateWriter`."""
        if stream not in self._streams:
            self._read_streams([stream])
        return self._streams[stream]

    def _id(self, stream: Cid) -> int:
        self.stream(stream)
        number = self._ids[stream]
        if number is None:
            raise AssertionError("something of a stream that isn't kept yet")
        return number

    def events(self, cids: Collection[Cid]) -> dict[Cid, EventRow]:
        """See `StateWriter`."""
        self._read_events([cid for cid in cids if cid not in self._events])
        rows = ((cid, self._events[cid]) for cid in cids)
        return {cid: row for cid, row in rows if row is not None}

    def put_stream(self, row: StreamRow) -> None:
        """See `StateWriter`."""
        stream = row.stream
        if self.stream(stream) is None:
            self._ids[stream] = self._next_id()
            self._new_streams[stream] = None
        elif stream not in self._new_streams:
            self._changed_streams[stream] = None
        self._streams[stream] = row

    def _next_id(self) -> int:
        if self._last_id < 0:
            self._last_id = self._one("SELECT max(id) FROM stream") or 0
        self._last_id += 1
        return self._last_id

    def put_events(self, rows: Iterable[EventRow]) -> None:
        """See `StateWriter`."""
        for row in rows:
            self._events[row.cid] = self._changed_events[row.cid] = row

    def add_change(self, stream: Cid, correction: Correction) -> None:
        """See `StateWriter`."""
        self._changes.append(change_columns(self.draw(), self._id(stream), correction))

    def _flush(self) -> None:
        """Write what waits to be written."""
        added = [(*self._columns(stream), self._ids[stream]) for stream in self._new_streams]
        changed = [(*self._columns(stream), self._ids[stream]) for stream in self._changed_streams]
        events = [event_columns(row, self._id(row.stream)) for row in self._changed_events.values()]
        self._db.executemany(_ADD_STREAM, added)
        self._db.executemany(_SET_STREAM, changed)
        self._db.executemany(_PUT_EVENT, events)
        self._db.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)", self._changes)
        for written in (self._new_streams, self._changed_streams, self._changed_events, self._changes):
            written.clear()
        for read in (self._streams, self._events, self._ids):
            read.clear()

    def _columns(self, stream: Cid) -> tuple[Any, ...]:
        row = self._streams[stream]
        if row is None:
            raise AssertionError("a stream that is to be written and isn't there")
        return stream_columns(row)

    def is_awaited(self) -> bool:
        """See `StateWriter`."""
        return self._may_be_awaited or self._has_waves

    def need(self, stream: Cid, targets: Iterable[Cid]) -> None:
        """See `StateWriter`."""
        for target in targets:
            self._may_be_awaited = True
            self._db.execute("INSERT OR IGNORE INTO need VALUES (?, ?, ?)", (self.draw(), target, stream))

    def wake(self, target: Cid, model: StreamId | None = None) -> bool:
        """See `StateWriter`."""
        if model is None and not self._may_be_awaited:
            return False
        if model is not None:
            self._flush()
        is_needed = self._one("SELECT 1 FROM need WHERE target = ? LIMIT 1", target) is not None
        has_documents = model is not None and self._one(f"SELECT 1 {_DOCUMENTS} LIMIT 1", model) is not None
        if is_needed or has_documents:
            last = self._one("SELECT max(id) FROM stream") if has_documents else 0
            self._has_waves = True
            self._db.execute(_WAKE, (target, self._head.number, model, last))
        return is_needed

    def _one(self, statement: str, *values: object) -> Any:
        found = self._db.execute(statement, values).fetchone()
        return None if found is None else found[0]

    def take_woken(self, limit: int) -> list[Awaited]:
        """See `StateWriter`."""
        self._flush()
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
        self._flush()
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
        self._flush()
        for table in EMPTIED:
            self._db.execute(f"DELETE FROM {table}")
        self._may_be_awaited = self._has_waves = False
        self._last_id = -1
        self._head = self._head._replace(version=0, at=0)


def read_events(db: sqlite3.Connection, cids: Collection[Cid]) -> dict[Cid, EventRow]:
    """Events with their streams, for as many of them as are there."""
    found: dict[Cid, EventRow] = {}
    for some in _some(list(cids)):
        for columns in db.execute(f"{_GET_EVENTS} ({_marks(len(some))})", some):
            row = event_row(columns[:EVENT_COLUMNS], Cid(columns[EVENT_COLUMNS]))
            found[row.cid] = row
    return found


def _some(cids: Sequence[Cid]) -> Iterator[Sequence[Cid]]:
    """So many at a time that there are few different statements."""
    start = 0
    while start < len(cids):
        size = min(_AT_ONCE, 1 << (len(cids) - start).bit_length() - 1)
        yield cids[start : start + size]
        start += size


@cache
def _marks(count: int) -> str:
    return ", ".join("?" * count)
