"""Looking up streams and events by their CIDs in a store of states in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Final, TypeAlias

from ceramic_node.short_keys import ANY_OF, number_list, short_key
from ceramic_node.states.records import EventRow, StreamRow
from ceramic_node.states.sqlite_rows import EVENT, EVENT_COLUMNS, STREAM, event_row, of, stream_row
from ceramic_protocol.cid import Cid

# ruff: noqa: S608 - the only names that come into statements are those of columns and tables

Place: TypeAlias = tuple[Cid, Cid]
"""A stream and one of its events."""

BY_CID: Final = "stream.key = ? AND stream.cid = ?"
"""Finds a stream by the two values of `cid_values`."""

IN_ORDER: Final = "moved CROSS JOIN stream ON stream.id = moved.stream AND stream.number = moved.number"
"""Streams, each under its number alone; to be ordered by `moved.number`."""

_STREAMS: Final = (
    f"SELECT stream.id, {of('stream', STREAM)} FROM {ANY_OF} AS wanted"
    " CROSS JOIN stream ON stream.key = wanted.value"
)
_EVENTS: Final = (
    f"SELECT {of('event', EVENT)}, stream.cid FROM wanted CROSS JOIN stream ON stream.key = wanted.key"
    " CROSS JOIN event ON event.stream = stream.id AND event.cid = wanted.cid"
)
_AT_ONCE: Final = 64


def cid_values(stream: Cid) -> tuple[int, Cid]:
    """What `BY_CID` asks for."""
    return short_key(stream), stream


def read_streams(db: sqlite3.Connection, streams: Collection[Cid]) -> Iterator[tuple[int, StreamRow]]:
    """Streams and their ids, for as many of them as are there."""
    wanted = set(streams)
    for number, *columns in db.execute(_STREAMS, (number_list({short_key(cid) for cid in wanted}),)):
        row = stream_row(columns)
        if row.stream in wanted:
            yield number, row


def read_events(db: sqlite3.Connection, places: Collection[Place]) -> dict[Place, EventRow]:
    """Events of streams, for as many of them as are there."""
    found: dict[Place, EventRow] = {}
    for some in _some(list(places)):
        values = [value for stream, cid in some for value in (short_key(stream), cid)]
        for columns in db.execute(_asking(len(some)), values):
            row = event_row(columns[:EVENT_COLUMNS], Cid(columns[EVENT_COLUMNS]))
            found[row.stream, row.cid] = row
    # Another stream may have the same key, and the same event in a file that was tampered with.
    return {place: found[place] for place in places if place in found}


def _some(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """So many at a time that there are few different statements."""
    start = 0
    while start < len(places):
        size = min(_AT_ONCE, 1 << (len(places) - start).bit_length() - 1)
        yield places[start : start + size]
        start += size


@cache
def _asking(count: int) -> str:
    return f"WITH wanted (key, cid) AS (VALUES {', '.join(['(?, ?)'] * count)}) {_EVENTS}"
