"""What has changed in a store of states, in one piece: for whoever keeps a copy of its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ceramic_node.states.records import EventRow, StateHead, StreamRow
from ceramic_node.states.sqlite_lookup import IN_ORDER
from ceramic_node.states.sqlite_rows import EVENT, EVENT_COLUMNS, STREAM, event_row, of, stream_row
from ceramic_protocol.cid import Cid

# ruff: noqa: S608 - the only names that come into statements are those of columns and tables

_CONCLUDED: Final = (
    f"SELECT {of('event', EVENT)}, {of('stream', STREAM)} FROM event JOIN stream ON stream.id = event.stream"
    " WHERE event.position IS NOT NULL AND event.number > ? ORDER BY event.number LIMIT ?"
)
_OTHERS: Final = "SELECT number, cid FROM event WHERE position IS NULL AND number > ? ORDER BY number LIMIT ?"
_STREAMS: Final = (
    f"SELECT {of('stream', STREAM)} FROM {IN_ORDER} WHERE moved.number > ? ORDER BY moved.number LIMIT ?"
)
_FIRST_EVENT: Final = "SELECT number FROM event WHERE position IS NOT NULL ORDER BY number LIMIT 1"
_FIRST_STREAM: Final = (
    f"SELECT moved.number FROM {IN_ORDER} WHERE stream.tip IS NOT NULL ORDER BY moved.number LIMIT 1"
)


class Delta(NamedTuple):
    """All changes with numbers behind one and up to `to`, as of one moment.

    Whoever has taken over everything up to a delta that is the last one has what the store had at that
    moment: rows of a number that was seen don't come up again, but under a larger one.

    Attributes:
        head: how far the store has come.
        to: behind which number to go on.
        is_last: whether these were all changes for now.
        is_whole: whether all events were judged that the store of events had at `head.version`; not so while
            streams are judged piece by piece.
        first_event: the lowest number of an event in the tables, 0 if there is none; what had a lower one is
            gone.
        first_stream: the same of streams that have a tip.
        events: events that stand in the tables, with their streams.
        others: events that don't, or no longer.
        streams: streams that have a tip.
        tipless: streams that have none, or no longer.
    """

    head: StateHead
    to: int
    is_last: bool
    is_whole: bool
    first_event: int
    first_stream: int
    events: list[tuple[EventRow, StreamRow]]
    others: list[Cid]
    streams: list[StreamRow]
    tipless: list[Cid]


class Changed(NamedTuple):
    """Rows of each kind behind a number, with theirs, the lowest first and at most `limit` of each kind.

    `streams` has those with a tip and those without.
    """

    events: list[tuple[EventRow, StreamRow]]
    others: list[tuple[int, Cid]]
    streams: list[StreamRow]


def delta_of(
    head: StateHead, after: int, limit: int, changed: Changed, firsts: tuple[int, int], *, is_whole: bool
) -> Delta:
    """Cut what was found of each kind where all kinds are complete."""
    to = head.number
    numbers: tuple[list[int], ...] = (
        [event.number for event, _stream in changed.events],
        [number for number, _cid in changed.others],
        [stream.number for stream in changed.streams],
    )
    for found in numbers:
        if len(found) == limit:
            to = min(to, found[-1])
    return Delta(
        head,
        max(after, to),
        to >= head.number,
        is_whole,
        *firsts,
        [row for row in changed.events if row[0].number <= to],
        [cid for number, cid in changed.others if number <= to],
        [row for row in changed.streams if row.number <= to and row.tip is not None],
        [row.stream for row in changed.streams if row.number <= to and row.tip is None],
    )


def read_delta(db: sqlite3.Connection, head: StateHead, after: int, limit: int) -> Delta:
    """The delta of a SQLite store, within a transaction of reading."""
    asked = after, limit

    def rows(statement: str) -> Iterable[Any]:
        return db.execute(statement, asked)

    changed = Changed(
        [_with_stream(columns) for columns in rows(_CONCLUDED)],
        [(number, Cid(cid)) for number, cid in rows(_OTHERS)],
        [stream_row(columns) for columns in rows(_STREAMS)],
    )
    firsts = _first(db, _FIRST_EVENT), _first(db, _FIRST_STREAM)
    is_whole = db.execute("SELECT 1 FROM long LIMIT 1").fetchone() is None
    return delta_of(head, after, limit, changed, firsts, is_whole=is_whole)


def _first(db: sqlite3.Connection, asked: str) -> int:
    found = db.execute(asked).fetchone()
    return 0 if found is None else found[0]


def _with_stream(columns: Any) -> tuple[EventRow, StreamRow]:
    stream = stream_row(columns[EVENT_COLUMNS:])
    return event_row(columns[:EVENT_COLUMNS], stream.stream), stream
