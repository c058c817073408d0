"""Connections that read the file of a store, each for one thread at a time."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ceramic_node.store.sqlite.errors import translated
from ceramic_protocol.errors import OutsideError, StoreCorruption

READER_CACHE_KIB: Final = 8 * 1024
_BUSY_SECONDS: Final = 10.0
_IDLE_READERS: Final = 8
_STATEMENTS: Final = 256


class Readers:
    """Readers of a file. They see it as it was when they began, and nobody waits for them (SQLite's WAL)."""

    def __init__(self, path: Path) -> None:
        """Say of which file; nothing happens yet."""
        self.path = path
        self._broken: StoreCorruption | None = None
        self._is_closed = False
        self._idle: deque[sqlite3.Connection] = deque()

    def _connect(self, cache: int) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        db.execute(f"PRAGMA cache_size=-{cache}")
        return db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the file as it is now, for one thread.

        Raises:
            StoreCorruption: the file is damaged, or was found to be so before.
            OutsideError: it can't be read, or is closed.
        """
        with self._watched():
            try:
                db = self._idle.popleft()
            except IndexError:
                db = self._connect(READER_CACHE_KIB)
            try:
                db.execute("BEGIN")
                yield db
            finally:
                self._give_back(db)

    def _give_back(self, db: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            db.execute("COMMIT")
        if self._is_closed or db.in_transaction or len(self._idle) >= _IDLE_READERS:
            db.close()
        else:
            self._idle.append(db)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Nothing goes on after damage was found: every later use fails as the first one did."""
        if self._broken is not None:
            raise StoreCorruption(str(self._broken))
        if self._is_closed:
            raise OutsideError(f"the store {self.path} is closed")
        try:
            with translated(self.path):
                yield
        except StoreCorruption as error:
            self._broken = error
            raise

    def close(self) -> None:
        """Close it; a second time does nothing. Calls under way end first, or fail."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
