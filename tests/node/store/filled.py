"""A store on disk with a bit of everything in it, and all that it says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ceramic_node.clock import SystemClock
from ceramic_node.store.sqlite import SqliteStore, open_store
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.schema import APPLICATION
from ceramic_protocol.ports import EventStore
from ceramic_protocol.stored import FeedFilter, StreamFilter
from tests.node.store.making import BOB, NOTE, POST, bare, chain_of, data, init, model, nameless, proven, time
from tests.node.store.reading import feed_of
from tests.node.store.sharing import under

A, B, TILE = init("a"), init("b", BOB, POST), init("tile", BOB, None)
LOG = chain_of(A, 8)
T = time(A, LOG[0])
OLD = nameless(time(B, B, "old"))
LATE = data(B, data(B, B, "never"), "late")
EVENTS = [
    model("definition"),
    A,
    *LOG[::-1],
    bare(T),
    B,
    OLD,
    TILE,
    LATE,
    under(B, B, 1),
    under(B, B, 2),
    proven(T),
]

VERSIONS = {number: Path(__file__).parent / f"version_{number}.sql" for number in range(1, 6)}
"""What earlier releases made of these events."""


def no_space(*_arguments: object) -> None:
    """What a full disk does."""
    raise OSError(28, "No space left on device")


def opened(folder: Path) -> SqliteStore:
    return open_store(folder, clock=SystemClock())


def fill(store: EventStore) -> None:
    for start in range(0, len(EVENTS), 4):
        store.put(EVENTS[start : start + 4])


def of_version(number: int, folder: Path) -> None:
    """A store that an earlier release has filled."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as db:
        db.executescript(VERSIONS[number].read_text())
        db.execute(f"PRAGMA application_id={APPLICATION}")
        db.execute(f"PRAGMA user_version={number}")


def said(store: EventStore) -> list[object]:
    """All that a store says, but for times."""
    feed = [
        (entry.position, entry.checked, entry.facts, entry.car)
        for entry in store.feed(0, 1000, with_cars=True).entries
    ]
    cids = [event.checked.cid for event in EVENTS]
    streams = [stream for stream, _version in store.changed(0, 1000)]
    return [
        feed,
        [store.event(cid) for cid in cids],
        store.changed(0, 1000),
        [store.snapshot(stream) for stream in streams],
        [store.snapshot(stream, 3) for stream in streams],
        store.find(StreamFilter(), 0, 1000),
        store.find(StreamFilter(controller=BOB), 0, 1000),
        store.streams_of(cids),
        store.head(),
        [entry.checked.cid for entry in feed_of(store, 3, FeedFilter(model=NOTE))],
    ]
