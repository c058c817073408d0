"""The sums over keys of Recon, kept up as keys come and go.

A tree as that of any database, but for the sums: a node of level 1 stands for the keys from its `first` on up
to the `first` of its neighbour, a node of each level above for the nodes of the level below that begin there.
It has the number of its children, the number of keys below it and the sums of their lanes. There is one node
at the top, and one that begins with no bytes at each level. A node with too many children is cut into pieces.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right, insort
from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.recon_port import LANES, lanes_of, range_hash_of

MOST_CHILDREN: Final = 128
_PIECE: Final = 64

SUMS: Final = ", ".join(f"s{lane}" for lane in range(LANES))
"""The columns of the sums."""

Weight: TypeAlias = tuple[int, ...]
"""Children, keys and sums of a node, or by how much they change."""

_KEY: Final[Weight] = (1, 1)
_IS_THERE: Final = "SELECT 1 FROM recon_key WHERE key = ?"
_LEVEL: Final = "SELECT first, children FROM recon_node WHERE level = ? ORDER BY first"
_NODE: Final = f"INSERT INTO recon_node VALUES (?, ?, ?, ?, {', '.join('?' * LANES)})"
_CHANGE: Final = (
    "UPDATE recon_node SET children = children + ?, count = count + ?, "
    + ", ".join(f"s{lane} = s{lane} + ?" for lane in range(LANES))
    + " WHERE level = ? AND first = ?"
)
_KEYS: Final = "SELECT key FROM recon_key WHERE key >= ? AND key < ? ORDER BY key"
_NODES: Final = (
    f"SELECT first, count, {SUMS} FROM recon_node WHERE level = ? AND first >= ? AND first < ? ORDER BY first"
)
_END: Final = b"\xff" * 256


def has_key(db: sqlite3.Connection, key: bytes) -> bool:
    """Whether a key is there."""
    return db.execute(_IS_THERE, (key,)).fetchone() is not None


def height(db: sqlite3.Connection) -> int:
    """Levels of the tree."""
    found: int = db.execute("SELECT max(level) FROM recon_node").fetchone()[0]
    return found


class _Level:
    """Where the nodes of a level begin, and how many children each has: about 200 bytes for 90 keys."""

    def __init__(self, rows: Iterable[tuple[bytes, int]]) -> None:
        self.sizes = dict(rows)
        self.firsts = sorted(self.sizes)

    def floor(self, key: bytes) -> bytes:
        return self.firsts[bisect_right(self.firsts, key) - 1]

    def end(self, first: bytes) -> bytes:
        place = bisect_right(self.firsts, first)
        return self.firsts[place] if place < len(self.firsts) else _END

    def add(self, first: bytes, children: int) -> None:
        self.sizes[first] = children
        insort(self.firsts, first)


class ReconTree:
    """Changes the tree. What a transaction has changed has to be forgotten if that fails: `clear`."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []

    def clear(self) -> None:
        """Forget everything, and read it again when it is needed."""
        self._levels.clear()

    def change(self, db: sqlite3.Connection, added: Collection[bytes], removed: Collection[bytes]) -> None:
        """Add keys that aren't there and remove keys that are, within a transaction.

        Raises:
            StoreCorruption: a key to be removed isn't there.
            sqlite3.IntegrityError: a key to be added is there.
        """
        if not self._levels:
            levels = range(1, height(db) + 1)
            self._levels = [_Level(db.execute(_LEVEL, (level,))) for level in levels]
        db.executemany("INSERT INTO recon_key VALUES (?)", [(key,) for key in added])
        if removed:
            rows = [(key,) for key in removed]
            if db.executemany("DELETE FROM recon_key WHERE key = ?", rows).rowcount != len(rows):
                raise StoreCorruption("a key of Recon that is to go was not there")
        steps = [(key, _KEY + lanes_of(key)) for key in added]
        steps += [(key, tuple(-number for number in _KEY + lanes_of(key))) for key in removed]
        for number in range(1, len(self._levels) + 1):
            steps = self._change_level(db, number, steps)
        while len(self._levels[-1].firsts) > 1:
            self._grow(db)

    def _change_level(
        self, db: sqlite3.Connection, number: int, steps: Iterable[tuple[bytes, Weight]]
    ) -> list[tuple[bytes, Weight]]:
        """Change the nodes of a level by what has changed below; gives what that changes above."""
        level = self._levels[number - 1]
        changes: dict[bytes, Weight] = {}
        for place, weight in steps:
            first = level.floor(place)
            before = changes.get(first)
            changes[first] = weight if before is None else tuple(map(int.__add__, before, weight))
        db.executemany(_CHANGE, [(*weight, number, first) for first, weight in changes.items()])
        above = []
        for first, (children, *rest) in changes.items():
            level.sizes[first] += children
            is_full = level.sizes[first] > MOST_CHILDREN
            above.append((first, (self._cut(db, number, first) if is_full else 0, *rest)))
        return above

    def _cut(self, db: sqlite3.Connection, number: int, first: bytes) -> int:
        """Cut a node into pieces; gives how many there are more than before."""
        level = self._levels[number - 1]
        pieces = _pieces(db, number, first, level.end(first))
        lost = tuple(-sum(column) for column in zip(*(weight for _first, weight in pieces), strict=True))
        db.executemany(_NODE, [(number, start, *weight) for start, weight in pieces])
        db.execute(_CHANGE, (*lost, number, first))
        level.sizes[first] += lost[0]
        for start, weight in pieces:
            level.add(start, weight[0])
        return len(pieces)

    def _grow(self, db: sqlite3.Connection) -> None:
        """Put a node above those at the top, of which there are several, and cut it if it has too many."""
        rows = db.execute(_NODES, (len(self._levels), b"", _END)).fetchall()
        self._levels.append(_Level([(b"", len(rows))]))
        total = map(sum, zip(*(row[1:] for row in rows), strict=True))
        db.execute(_NODE, (len(self._levels), b"", len(rows), *total))
        if len(rows) > MOST_CHILDREN:
            self._cut(db, len(self._levels), b"")


def _pieces(db: sqlite3.Connection, level: int, first: bytes, end: bytes) -> list[tuple[bytes, Weight]]:
    """The pieces of a node but for the first one, which stays where it is."""
    if level == 1:
        keys = [key for (key,) in db.execute(_KEYS, (first, end))]
        groups = [keys[start : start + _PIECE] for start in range(_PIECE, len(keys), _PIECE)]
        found = [(group, range_hash_of(group)) for group in groups]
        return [(group[0], (len(group), total.count, *total.lanes)) for group, total in found]
    nodes = db.execute(_NODES, (level - 1, first, end)).fetchall()
    parts = [nodes[start : start + _PIECE] for start in range(_PIECE, len(nodes), _PIECE)]
    return [
        (part[0][0], (len(part), *map(sum, zip(*(node[1:] for node in part), strict=True)))) for part in parts
    ]
