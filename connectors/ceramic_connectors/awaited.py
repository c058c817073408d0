"""Since when transactions are waited for that no chain has yet, in memory or in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from ceramic_connectors.outside import outside
from ceramic_protocol.limits import MAX_AWAITED_TRANSACTIONS

_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS awaited (key TEXT PRIMARY KEY, height INTEGER NOT NULL)"
_FIND: Final = "SELECT height FROM awaited WHERE key = ?"
_ADD: Final = "INSERT INTO awaited (key, height) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
_FORGET: Final = "DELETE FROM awaited WHERE key = ?"
_TRIM: Final = "DELETE FROM awaited WHERE rowid <= (SELECT max(rowid) FROM awaited) - ?"
_BUSY_SECONDS: Final = 5.0


class Awaited(Protocol):
    """The chain's height at which something was first asked for. For several threads at once."""

    def since(self, key: str, height: int) -> int:
        """The height from which `key` is waited for: `height`, if it hasn't been until now."""
        ...

    def forget(self, key: str) -> None:
        """Don't wait for `key` any more; if it is asked for again, that begins anew."""
        ...


class AwaitedInMemory:
    """Begins anew with every process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._heights: dict[str, int] = {}  # oldest first

    def since(self, key: str, height: int) -> int:
        """See `Awaited`."""
        with self._lock:
            if key not in self._heights and len(self._heights) >= MAX_AWAITED_TRANSACTIONS:
                del self._heights[next(iter(self._heights))]
            return self._heights.setdefault(key, height)

    def forget(self, key: str) -> None:
        """See `Awaited`."""
        with self._lock:
            self._heights.pop(key, None)


class AwaitedInFile:
    """Keeps what is waited for in a SQLite file, which several processes may share.

    Every method raises `OutsideError` if the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def since(self, key: str, height: int) -> int:
        """See `Awaited`."""
        with self._opened() as db:
            db.execute(_ADD, (key, height))
            db.execute(_TRIM, (MAX_AWAITED_TRANSACTIONS,))
            found: int = db.execute(_FIND, (key,)).fetchone()[0]
            return found

    def forget(self, key: str) -> None:
        """See `Awaited`."""
        with self._opened() as db:
            db.execute(_FORGET, (key,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        # A connection for each question, as these are rare and come from any thread.
        with (
            outside(f"note awaited transactions in {self._path}"),
            closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as db,
            db,
        ):
            db.execute(_SCHEMA)
            yield db
