"""Whether the keys of Recon and their sums are what they have to be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, pairwise
from pathlib import Path
from typing import Final, NamedTuple

from ceramic_node.store.sqlite.findings import Finding
from ceramic_node.store.sqlite.recon_events import Offer, ReconEvents
from ceramic_node.store.sqlite.recon_file import ADVICE
from ceramic_node.store.sqlite.recon_schema import connected, cursor_of, is_empty
from ceramic_node.store.sqlite.recon_tree import MOST_CHILDREN, SUMS, has_key, height
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.recon_port import range_hash_of
from ceramic_protocol.stored import StoreHead

_LEVEL: Final = f"SELECT first, children, count, {SUMS} FROM recon_node WHERE level = ? ORDER BY first"
_KEYS: Final = "SELECT key FROM recon_key WHERE key >= ? AND key < ?"
_TOTAL: Final = ", ".join(f"coalesce(sum({name}), 0)" for name in ("1", "count", *SUMS.split(", ")))
_BELOW: Final = f"SELECT {_TOTAL} FROM recon_node WHERE level = ? AND first >= ? AND first < ?"
_END: Final = b"\xff" * 256


class ReconKept(NamedTuple):
    """The keys at one moment, and whatever makes them from events."""

    db: sqlite3.Connection
    events: ReconEvents


@contextmanager
def kept_keys(path: Path, events: ReconEvents) -> Iterator[ReconKept | None]:
    """The keys in a file, which can be used meanwhile; none if it isn't there.

    The events have to be read after this: then they have come at least as far.
    """
    if not path.exists():
        yield None
        return
    with closing(connected(path)) as db:
        is_made = True
        # What is wrong with the file is found again.
        with suppress(sqlite3.Error):
            db.execute("BEGIN")
            is_made = not is_empty(db)
        yield ReconKept(db, events) if is_made else None


def check_recon(keys: ReconKept | None, store: sqlite3.Connection) -> Iterator[Finding]:
    """What is wrong with the keys."""
    if keys is None:
        return
    is_whole = True
    for finding in _check_alone(keys.db):
        is_whole = False
        yield finding
    if is_whole:
        cursor = cursor_of(keys.db)
        yield from _check_keys(keys.db, keys.events.up_to(store, cursor.position), cursor)


def _check_alone(db: sqlite3.Connection) -> Iterator[Finding]:
    try:
        for (text,) in db.execute("PRAGMA quick_check"):
            if text != "ok":
                yield Finding("recon", f"{text}; {ADVICE}")
        cursor_of(db)
        yield from check_tree(db)
    except (sqlite3.Error, StoreCorruption) as error:
        yield Finding("recon", f"{error}; {ADVICE}")


def check_tree(db: sqlite3.Connection) -> Iterator[Finding]:
    """Each node against what is below it."""
    top = height(db)
    for level in range(1, top + 1):
        nodes = db.execute(_LEVEL, (level,)).fetchall()
        if not nodes or nodes[0][0] != b"":
            yield Finding("recon", f"level {level} does not begin at the beginning")
            continue
        for node, following in pairwise([*nodes, (_END,)]):
            first, *weight = node
            if weight != _weight(db, level, first, following[0]) or weight[0] > MOST_CHILDREN:
                yield Finding("recon", f"node {first.hex()} of level {level} does not add up")
    if db.execute("SELECT count(*) FROM recon_node WHERE level = ?", (top,)).fetchone()[0] != 1:
        yield Finding("recon", "there is more than one node at the top")


def _weight(db: sqlite3.Connection, level: int, first: bytes, end: bytes) -> list[int]:
    if level > 1:
        return list(db.execute(_BELOW, (level - 1, first, end)).fetchone())
    total = range_hash_of(key for (key,) in db.execute(_KEYS, (first, end)))
    return [total.count, total.count, *total.lanes]


def _check_keys(
    db: sqlite3.Connection, offers: Iterable[Iterable[Offer]], cursor: StoreHead
) -> Iterator[Finding]:
    """Whether the keys are those of the events up to a cursor."""
    expected = 0
    for key, is_offered, revised in chain.from_iterable(offers):
        is_there = has_key(db, key)
        # What a report said before it was replaced isn't known.
        is_certain = revised <= cursor.version
        if is_certain and is_offered and not is_there:
            yield Finding("recon", f"the key {key.hex()} of an event is missing")
        expected += is_offered if is_certain else is_there
    kept = db.execute("SELECT count(*) FROM recon_key").fetchone()[0]
    if kept > expected:
        yield Finding("recon", f"{kept - expected} keys are those of no event")
