"""The form of the file of Recon's keys. All that is in it follows from the events.

* `cursor`: one row. Of which store and epoch the keys are, the position up to which events have theirs, and
  the version up to which it is seen that their reports were replaced.
* `recon_key`, `recon_node`: the keys, and sums over neighbours (see `recon_tree`).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import RECON_CACHE_BYTES, RECON_LOG_BYTES
from ceramic_protocol.stored import StoreHead

_APPLICATION: Final = 0x4365526B
# Another one when tables change, or what has a key, and which.
_VERSION: Final = 1

_KIB: Final = 1024
# Keys come all over the file: a slice changes a few bytes each on most of its pages.
_PAGE_BYTES: Final = 4 * _KIB

TABLES: Final = (
    "CREATE TABLE cursor (epoch TEXT NOT NULL, position INTEGER NOT NULL, version INTEGER NOT NULL) STRICT",
    "CREATE TABLE recon_key (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
    """CREATE TABLE recon_node (
        level INTEGER, first BLOB, children INTEGER NOT NULL, count INTEGER NOT NULL,
        s0 INTEGER NOT NULL, s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL,
        s4 INTEGER NOT NULL, s5 INTEGER NOT NULL, s6 INTEGER NOT NULL, s7 INTEGER NOT NULL,
        PRIMARY KEY (level, first)
    ) STRICT, WITHOUT ROWID""",
    "INSERT INTO recon_node VALUES (1, x'', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
)


def connected(path: Path) -> sqlite3.Connection:
    """A connection to the file, for one thread at a time."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def is_empty(db: sqlite3.Connection) -> bool:
    """Whether nothing was made of the file yet."""
    return not _setting(db, "schema_version")


def is_ours(db: sqlite3.Connection) -> bool:
    """Whether it is a file of Recon's keys, of whatever version."""
    return _setting(db, "application_id") == _APPLICATION


def is_current(db: sqlite3.Connection) -> bool:
    """Whether it is one of this version."""
    return _setting(db, "user_version") == _VERSION


def cursor_of(db: sqlite3.Connection) -> StoreHead:
    """How far the store had come of which these are the keys.

    Raises:
        StoreCorruption: that isn't there.
    """
    found = db.execute("SELECT position, version FROM cursor").fetchone()
    if found is None:
        raise StoreCorruption("the keys of Recon have lost their cursor")
    return StoreHead(*found)


def set_up(db: sqlite3.Connection) -> None:
    """Prepare the connection that writes."""
    db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
    db.execute("PRAGMA journal_mode=WAL")
    # A failing power supply may take the last transactions; they are made again from the events.
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute(f"PRAGMA cache_size={-RECON_CACHE_BYTES // _KIB}")
    db.execute(f"PRAGMA wal_autocheckpoint={RECON_LOG_BYTES // _PAGE_BYTES}")
    db.execute(f"PRAGMA journal_size_limit={RECON_LOG_BYTES}")


def make(db: sqlite3.Connection, epoch: str) -> None:
    """Make the tables of an empty file, for the store of an epoch."""
    db.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        db.execute(statement)
    db.execute("INSERT INTO cursor VALUES (?, 0, 0)", (epoch,))
    db.execute(f"PRAGMA application_id={_APPLICATION}")
    db.execute(f"PRAGMA user_version={_VERSION}")
    db.execute("COMMIT")


def _setting(db: sqlite3.Connection, name: str) -> int:
    number: int = db.execute(f"PRAGMA {name}").fetchone()[0]
    return number
