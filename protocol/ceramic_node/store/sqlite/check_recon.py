"""Whether the keys of Recon and their sums are what they have to be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from ceramic_node.store.sqlite.findings import Finding
from ceramic_node.store.sqlite.recon_tree import MOST_CHILDREN, SUMS, height
from ceramic_protocol.recon_port import range_hash_of

_LEVEL: Final = f"SELECT first, children, count, {SUMS} FROM recon_node WHERE level = ? ORDER BY first"
_KEYS: Final = "SELECT key FROM recon_key WHERE key >= ? AND key < ?"
_TOTAL: Final = ", ".join(f"coalesce(sum({name}), 0)" for name in ("1", "count", *SUMS.split(", ")))
_BELOW: Final = f"SELECT {_TOTAL} FROM recon_node WHERE level = ? AND first >= ? AND first < ?"
_END: Final = b"\xff" * 256


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


def check_keys(db: sqlite3.Connection, keys: Sequence[bytes]) -> Iterator[Finding]:
    """Whether there are these keys."""
    for key in keys:
        if db.execute("SELECT 1 FROM recon_key WHERE key = ?", (key,)).fetchone() is None:
            yield Finding("recon", f"the key {key.hex()} of an event is missing")
