"""Giving up the bytes of events, and having them back.

An event without bytes has an empty `car` and no payload; all else in its row stays, summed up anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ceramic_node.short_keys import number_list
from ceramic_node.store.sqlite.records import without_bytes
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_node.store.sqlite.streams import StreamRow, rows_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import Pruned

_PRUNED: Final = (
    "SELECT stream FROM json_each(?) AS wanted JOIN pruned ON pruned.stream = wanted.value WHERE events > 0"
)
_NOTED: Final = "SELECT version, restored FROM pruned WHERE stream = ?"
_WAITS: Final = "SELECT 1 FROM waiting WHERE stream = ? LIMIT 1"
_LATEST: Final = "SELECT received FROM event WHERE stream = ? ORDER BY position DESC LIMIT 1"
_WHOLE: Final = (
    f"SELECT position, NULL, NULL, {REPORT} FROM event WHERE stream = ? AND length(car) > 0"
    " ORDER BY position LIMIT ?"
)
_SIZE: Final = (
    "SELECT count(*), coalesce(sum(length(car)), 0) FROM event WHERE stream = ? AND length(car) > 0"
)
_SETTERS: Final = ", ".join(f"{name} = ?" for name in REPORT.split(", "))
_EMPTY: Final = f"UPDATE event SET {_SETTERS} WHERE position = ?"
_NOTE: Final = (
    "INSERT INTO pruned VALUES (?, ?, ?, 0) ON CONFLICT (stream) DO UPDATE"
    " SET events = events + excluded.events, version = excluded.version"
)
_RESTORED: Final = "UPDATE pruned SET events = events - 1, version = 0, restored = ? WHERE stream = ?"
_CAR: Final = -1


def are_pruned(db: sqlite3.Connection, streams: Iterable[int]) -> set[int]:
    """The streams among these, by their numbers, of which events have lost their bytes."""
    return {number for (number,) in db.execute(_PRUNED, (number_list(streams),))}


def note_restored(db: sqlite3.Connection, stream: int, now: int) -> None:
    """Note that an event of a stream has its bytes again, at a unix millisecond."""
    db.execute(_RESTORED, (now, stream))


def prune(db: sqlite3.Connection, streams: Mapping[Cid, int], before: int, limit: int) -> Pruned:
    """See `EventStore`; within a transaction."""
    done, unfinished = list[Cid](), list[Cid]()
    events = size = 0
    for cid, row in _due(db, streams, before):
        if events == limit:
            break
        rows = db.execute(_WHOLE, (row.number, limit - events)).fetchall()
        for whole in rows:
            db.execute(_EMPTY, (*without_bytes(whole), whole[0]))
            size += len(whole[_CAR])
        events += len(rows)
        is_done = events < limit or not db.execute(_SIZE, (row.number,)).fetchone()[0]
        db.execute(_NOTE, (row.number, len(rows), row.version if is_done else 0))
        (done if is_done else unfinished).append(cid)
    return Pruned(done, unfinished, events, size)


def would_prune(db: sqlite3.Connection, streams: Mapping[Cid, int], before: int) -> Pruned:
    """What would go."""
    done = list[Cid]()
    events = size = 0
    for cid, row in _due(db, streams, before):
        count, total = db.execute(_SIZE, (row.number,)).fetchone()
        done.append(cid)
        events += count
        size += total
    return Pruned(done, [], events, size)


def _due(db: sqlite3.Connection, streams: Mapping[Cid, int], before: int) -> Iterator[tuple[Cid, StreamRow]]:
    """The streams of which something can go."""
    rows = rows_of(db, streams.keys())
    for cid, version in streams.items():
        row = rows.get(cid)
        if row is None or row.begun is None or row.version != version:
            continue
        noted = db.execute(_NOTED, (row.number,)).fetchone()
        if noted is not None and (noted[0] == version or noted[1] >= before):
            continue
        if db.execute(_LATEST, (row.number,)).fetchone()[0] >= before:
            continue
        if db.execute(_WAITS, (row.number,)).fetchone() is None:
            yield cid, row
