"""The file of Recon's keys, beside that of the events: made when needed, and anew when it is no good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ceramic_connectors.outside import outside
from ceramic_node.store.sqlite.errors import translated
from ceramic_node.store.sqlite.recon_schema import (
    connected,
    cursor_of,
    is_current,
    is_empty,
    is_ours,
    make,
    set_up,
)
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from ceramic_protocol.stored import StoreHead

RECON_FILE: Final = "recon.sqlite"
"""Its name in a store's folder."""

ADVICE: Final = f"remove {RECON_FILE}, and it is made anew from the events"
"""What to do about damage that wasn't met while keys were used."""

_START: Final = StoreHead(0, 0)


class ReconDamaged(StoreCorruption):
    """The file was damaged. It is gone now, and the next use makes it anew."""


class ReconFile:
    """One connection, for one thread at a time.

    Attributes:
        path: where it is.
        cursor: how far the store had come of which it has the keys.
    """

    def __init__(self, path: Path, epoch: str, head: StoreHead) -> None:
        """Look at what is there.

        Args:
            path: where it is.
            epoch: of the store.
            head: how far the store has come: keys of what it hasn't got are of something that was lost.

        Raises:
            UsageError: it is another program's.
            OutsideError: it can't be used.
        """
        self.path = path
        self.cursor = _START
        self._epoch = epoch
        self._db: sqlite3.Connection | None = None
        self._is_closed = False
        if path.exists():
            with suppress(ReconDamaged), self._watched():
                self._look(head)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The keys up to the cursor.

        Raises:
            ReconDamaged: it was damaged.
            OutsideError: it can't be read, or is closed.
        """
        with self._watched():
            db = self._connected()
            # One moment for all statements is cheaper than one for each.
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("COMMIT")

    @contextmanager
    def changing(self, cursor: StoreHead) -> Iterator[sqlite3.Connection]:
        """The same in a transaction that ends with another cursor: all of it is done, or nothing.

        Raises:
            ReconDamaged: it was damaged.
            OutsideError: it can't be written, or is closed.
        """
        with self._watched():
            db = self._connected()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("UPDATE cursor SET position = ?, version = ?", (cursor.position, cursor.version))
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            self.cursor = cursor

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._is_closed = True
        self._disconnect()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        if self._is_closed:
            raise OutsideError(f"the keys of Recon in {self.path} are closed")
        try:
            with translated(self.path, ADVICE):
                yield
        except StoreCorruption as error:
            self._remove()
            raise ReconDamaged(str(error)) from error

    def _look(self, head: StoreHead) -> None:
        db = self._db = connected(self.path)
        if not is_empty(db) and not is_ours(db):
            self._disconnect()
            raise UsageError(f"{self.path} has no keys of Recon; move it elsewhere")
        if is_current(db):
            self.cursor = cursor = cursor_of(db)
            is_of_this = db.execute("SELECT 1 FROM cursor WHERE epoch = ?", (self._epoch,)).fetchone()
            if is_of_this and cursor.position <= head.position and cursor.version <= head.version:
                set_up(db)
                return
        self._remove()

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            db = connected(self.path)
            set_up(db)
            make(db, self._epoch)
            self._db = db
        return self._db

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):
                db.close()

    def _remove(self) -> None:
        self._disconnect()
        self.cursor = _START
        with outside(f"remove {self.path}"):
            # The log last: without it the file may be of two moments, and the log alone is nothing to SQLite.
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
