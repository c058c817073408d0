"""The only writer of a store of states in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from ceramic_node.short_keys import short_key
from ceramic_node.states.records import Awaited, EventRow, StateHead, StreamRow
from ceramic_node.states.schema import EMPTIED
from ceramic_node.states.sqlite_lookup import Place, read_events, read_streams
from ceramic_node.states.sqlite_rows import (
    EVENT,
    EVENT_COLUMNS,
    STREAM,
    STREAM_COLUMNS,
    STREAM_DIMENSIONS,
    STREAM_STATE,
    Columns,
    change_columns,
    dimension_columns,
    event_columns,
    state_columns,
    stream_columns,
)
from ceramic_node.states.waking import Wave, take
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction
from ceramic_protocol.ids import StreamId

# ruff: noqa: S608 - the only names that come into statements are those of columns and tables


def _update(columns: str) -> str:
    names = (name.strip() for name in columns.split(","))
    return ", ".join(f"{name} = excluded.{name}" for name in names if name not in {"stream", "cid"})


def _setting(columns: str) -> str:
    return f"UPDATE stream SET ({columns}) = ({', '.join('?' * len(columns.split(',')))}) WHERE id = ?"


_HEAD: Final = "SELECT version, number, at, generation, rules FROM head"
_START: Final = f"{_HEAD.replace(' FROM', ', EXISTS (SELECT 1 FROM need), EXISTS (SELECT 1 FROM wave) FROM')}"
_ADD_STREAM: Final = (
    f"INSERT INTO stream (key, {STREAM}, id) VALUES ({', '.join('?' * (STREAM_COLUMNS + 2))})"
)
# SQLite writes to the indexes of all columns that are named, whether they differ or not.
_SET_STATE: Final = _setting(STREAM_STATE)
_SET_DIMENSIONS: Final = _setting(STREAM_DIMENSIONS)
_PUT_EVENT: Final = (
    f"INSERT INTO event ({EVENT}) VALUES ({', '.join('?' * EVENT_COLUMNS)})"
    f" ON CONFLICT (stream, cid) DO UPDATE SET {_update(EVENT)}"
)
# A stream may be written twice under one number.
_ADD_MOVED: Final = "INSERT OR IGNORE INTO moved VALUES (?, ?)"
_OLDEST: Final = (
    "SELECT moved.number, stream.number = moved.number FROM moved"
    " CROSS JOIN stream ON stream.id = moved.stream ORDER BY moved.number LIMIT ?"
)
_FORGET: Final = "DELETE FROM moved WHERE number <= ?"
_ADD_CHANGE: Final = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)"
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
        self._events: dict[Place, EventRow | None] = {}
        self._new_streams: dict[Cid, None] = {}
        self._changed_streams: dict[Cid, None] = {}
        self._begun_streams: dict[Cid, None] = {}
        self._changed_events: dict[Place, EventRow] = {}
        self._changes: list[tuple[Any, ...]] = []
        *head, is_needed, has_waves = db.execute(_START).fetchone()
        self._before = StateHead(*head)
        self._version, self._number, self._at, self._generation, self._rules = self._before
        self._may_be_awaited, self._has_waves = bool(is_needed), bool(has_waves)

    def finish(self) -> None:
        """Write all of it, and how far the store has come."""
        self._flush()
        head = self.head
        if head != self._before:
            self._db.execute(
                "UPDATE head SET (version, number, at, generation, rules) = (?, ?, ?, ?, ?)", head
            )

    @property
    def head(self) -> StateHead:
        """See `StateWriter`."""
        return StateHead(self._version, self._number, self._at, self._generation, self._rules)

    def draw(self) -> int:
        """See `StateWriter`."""
        self._number += 1
        return self._number

    def move_to(self, *, version: int | None = None, at: int | None = None, rules: str | None = None) -> None:
        """See `StateWriter`."""
        self._version = self._version if version is None else version
        self._at = self._at if at is None else at
        self._rules = self._rules if rules is None else rules

    def read_ahead(self, streams: Collection[Cid], events: Mapping[Cid, Cid]) -> None:
        """See `StateWriter`."""
        self._read_streams({stream for stream in streams if stream not in self._streams})
        self._read_events(events)

    def _read_streams(self, streams: Collection[Cid]) -> None:
        if streams:
            self._ids.update(dict.fromkeys(streams))
            self._streams.update(dict.fromkeys(streams))
            for number, row in read_streams(self._db, streams):
                self._ids[row.stream], self._streams[row.stream] = number, row

    def _read_events(self, events: Mapping[Cid, Cid]) -> None:
        places = [(stream, cid) for cid, stream in events.items() if (stream, cid) not in self._events]
        if places:
            self._events.update(dict.fromkeys(places))
            there = [place for place in places if self._is_written(place[0])]
            self._events.update(read_events(self._db, there))

    def _is_written(self, stream: Cid) -> bool:
        """Whether there may be rows of a stream in the file: there is none of those that begin."""
        return stream not in self._new_streams and self._streams.get(stream, stream) is not None

    def stream(self, stream: Cid) -> StreamRow | None:
        """See `StateWriter`."""
        if stream not in self._streams:
            self._read_streams({stream})
        return self._streams[stream]

    def _id(self, stream: Cid) -> int:
        self.stream(stream)
        number = self._ids[stream]
        if number is None:
            raise AssertionError("something of a stream that isn't kept yet")
        return number

    def events(self, wanted: Mapping[Cid, Cid]) -> dict[Cid, EventRow]:
        """See `StateWriter`."""
        self._read_events(wanted)
        rows = ((cid, self._events[stream, cid]) for cid, stream in wanted.items())
        return {cid: row for cid, row in rows if row is not None}

    def put_stream(self, row: StreamRow) -> None:
        """See `StateWriter`."""
        stream = row.stream
        before = self.stream(stream)
        if before is None:
            self._ids[stream] = self._next_id()
            self._new_streams[stream] = None
        elif stream not in self._new_streams:
            self._changed_streams[stream] = None
            if before.dimensions != row.dimensions:
                self._begun_streams[stream] = None
        self._streams[stream] = row

    def _next_id(self) -> int:
        if self._last_id < 0:
            self._last_id = self._one("SELECT max(id) FROM stream") or 0
        self._last_id += 1
        return self._last_id

    def put_events(self, rows: Iterable[EventRow]) -> None:
        """See `StateWriter`."""
        for row in rows:
            self._events[row.stream, row.cid] = self._changed_events[row.stream, row.cid] = row

    def add_change(self, stream: Cid, correction: Correction) -> None:
        """See `StateWriter`."""
        self._changes.append(change_columns(self.draw(), self._id(stream), correction))

    def _flush(self) -> None:
        """Write what waits to be written."""
        events = [event_columns(row, self._id(row.stream)) for row in self._changed_events.values()]
        moved = self._rows((*self._new_streams, *self._changed_streams), lambda row: (row.number,))
        for statement, rows in (
            (_ADD_STREAM, self._rows(self._new_streams, _first_columns)),
            (_SET_STATE, self._rows(self._changed_streams, state_columns)),
            (_SET_DIMENSIONS, self._rows(self._begun_streams, dimension_columns)),
            (_ADD_MOVED, moved),
            (_PUT_EVENT, events),
            (_ADD_CHANGE, self._changes),
        ):
            if rows:
                self._db.executemany(statement, rows)
        self._forget_oldest(2 * len(moved))
        for written in (self._new_streams, self._changed_streams, self._begun_streams):
            written.clear()
        self._changed_events.clear()
        self._changes.clear()
        for read in (self._streams, self._events, self._ids):
            read.clear()

    def _forget_oldest(self, limit: int) -> None:
        """Let go of numbers that streams no longer have, from the lowest one on, up to one that counts."""
        last = None
        for number, is_latest in self._db.execute(_OLDEST, (limit,)):
            if is_latest:
                break
            last = number
        if last is not None:
            self._db.execute(_FORGET, (last,))

    def _rows(self, streams: Iterable[Cid], columns: Callable[[StreamRow], Columns]) -> list[Columns]:
        """What is to be written of streams, and their ids."""
        rows = ((stream, self._streams[stream]) for stream in streams)
        return [(*columns(row), self._ids[stream]) for stream, row in rows if row is not None]

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
            self._db.execute(_WAKE, (target, self._number, model, last))
        return is_needed

    def _one(self, statement: str, *values: object) -> Any:
        found = self._db.execute(statement, values).fetchone()
        return None if found is None else found[0]

    def take_woken(self, limit: int) -> list[Awaited]:
        """See `StateWriter`."""
        if not self._has_waves:
            return []
        self._flush()
        return take(self, limit)

    def next_wave(self) -> Wave | None:
        """See `Waves`."""
        found = self._db.execute(f"SELECT {_WAVE} FROM wave ORDER BY turn LIMIT 1").fetchone()
        if found is None:
            self._has_waves = False
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
        self._version = self._at = 0


def _first_columns(row: StreamRow) -> Columns:
    """The columns of a stream that begins."""
    return short_key(row.stream), *stream_columns(row)
