"""The keys of Recon, read from the tree."""

from __future__ import annotations

import sqlite3
from typing import Final

from ceramic_node.store.sqlite.recon_tree import SUMS, height
from ceramic_node.store.sqlite.recon_upkeep import ReconUpkeep
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.recon_port import NO_KEYS, RangeHash, cuts, range_hash_of
from ceramic_protocol.store_port import check_limit

_FLOOR: Final = "SELECT max(first) FROM recon_node WHERE level = ? AND first <= ?"
_TOTAL: Final = ", ".join(f"coalesce(sum({name}), 0)" for name in ("count", *SUMS.split(", ")))
_BEFORE: Final = f"SELECT {_TOTAL} FROM recon_node WHERE level = ? AND first >= ? AND first < ?"
_KEYS: Final = "SELECT key FROM recon_key WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_NODES: Final = "SELECT first, count FROM recon_node WHERE level = ? AND first >= ? ORDER BY first"
_NTH: Final = "SELECT key FROM recon_key WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?"
_NO_LIMIT: Final = -1


class SqliteReconKeys:
    """`ReconKeys` of a store. Every call first makes the keys that are missing."""

    def __init__(self, upkeep: ReconUpkeep) -> None:
        self._upkeep = upkeep

    def range_hash(self, start: bytes, end: bytes) -> RangeHash:
        """See `ReconKeys`."""
        return self._upkeep.ask(lambda db: between(db, start, end))

    def keys(self, start: bytes, end: bytes, limit: int) -> list[EventId]:
        """See `ReconKeys`."""
        check_limit(limit)
        found = self._upkeep.ask(lambda db: db.execute(_KEYS, (bytes(start), bytes(end), limit)).fetchall())
        return [EventId(key) for (key,) in found]

    def key_at(self, start: bytes, end: bytes, index: int) -> EventId | None:
        """See `ReconKeys`."""

        def look(db: sqlite3.Connection) -> EventId | None:
            if not 0 <= index < between(db, start, end).count:
                return None
            return nth(db, before(db, start).count + index)

        return self._upkeep.ask(look)

    def split(self, start: bytes, end: bytes, parts: int) -> list[EventId]:
        """See `ReconKeys`."""
        check_limit(parts)

        def look(db: sqlite3.Connection) -> list[EventId]:
            count, base = between(db, start, end).count, before(db, start).count
            return [nth(db, base + index) for index in cuts(count, parts)]

        return self._upkeep.ask(look)


def between(db: sqlite3.Connection, start: bytes, end: bytes) -> RangeHash:
    """The hash of the keys of a range."""
    return NO_KEYS if start >= end else before(db, end).plus(before(db, start), -1)


def before(db: sqlite3.Connection, bound: bytes) -> RangeHash:
    """The hash of all keys before a bound: at each level, of the nodes between the way down and the bound."""
    total, low = NO_KEYS, b""
    if not bound:
        return total
    for level in range(height(db), 0, -1):
        floor = db.execute(_FLOOR, (level, bytes(bound))).fetchone()[0]
        if floor > low:
            count, *lanes = db.execute(_BEFORE, (level, low, floor)).fetchone()
            total = total.plus(RangeHash(count, tuple(lanes)))
        low = floor
    keys = db.execute(_KEYS, (low, bytes(bound), _NO_LIMIT))
    return total.plus(range_hash_of(key for (key,) in keys))


def nth(db: sqlite3.Connection, index: int) -> EventId:
    """The key with so many before it.

    Raises:
        StoreCorruption: the tree has counted more keys than there are.
    """
    low = b""
    for level in range(height(db) - 1, 0, -1):
        for first, count in db.execute(_NODES, (level, low)):
            low = first
            if index < count:
                break
            index -= count
    found = db.execute(_NTH, (low, index)).fetchone()
    if found is None:
        raise StoreCorruption("the tree of Recon has counted more keys than there are")
    return EventId(found[0])
