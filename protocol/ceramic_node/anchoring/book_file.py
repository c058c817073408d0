"""The file of a book: one process at a time, everything that was said to be done is on the disk."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Final

from ceramic_connectors.outside import outside
from ceramic_node.anchoring.schema import APPLICATION, TABLES, VERSION
from ceramic_protocol.errors import OutsideError, UsageError

_BUSY_SECONDS: Final = 5.0


class BookFile:
    """A SQLite file for several threads of one process."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make one.

        Raises:
            UsageError: it is another file, or of a later release.
            OutsideError: it can't be used, or another process has it open.
        """
        self._doing = f"use the book of anchor requests {path}"
        self._lock = RLock()
        self._guard = self._alone(path)
        try:
            with outside(self._doing):
                self.db: Any = sqlite3.connect(
                    path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
            self._prepare(path)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The connection, while nobody else uses it."""
        with self._lock, outside(self._doing):
            yield self.db

    @contextmanager
    def changing(self) -> Iterator[Any]:
        """The connection in a transaction: all of it is done, and on the disk, or nothing."""
        with self._lock, outside(self._doing):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close it; a second time does nothing."""
        with self._lock:
            if hasattr(self, "db"):
                self.db.close()
            if self._guard >= 0:
                os.close(self._guard)
                self._guard = -1

    def _alone(self, path: Path) -> int:
        # SQLite's own locks come and go; two writers would each send orders of their own in between.
        with outside(self._doing):
            guard = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(guard)
            raise OutsideError(f"can't {self._doing}: it is open elsewhere; close it there") from None
        return guard

    def _prepare(self, path: Path) -> None:
        with self._lock, outside(self._doing):
            application, version = self._setting("application_id"), self._setting("user_version")
            if application == APPLICATION and version > VERSION:
                raise UsageError(f"{path} was written by a later release; use that")
            is_empty = not self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if application != APPLICATION and not (is_empty and (application, version) == (0, 0)):
                raise UsageError(f"{path} is no book of anchor requests")
            self.db.execute("PRAGMA journal_mode=WAL")
            # What is sent must be on the disk before, even if the power fails.
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute("PRAGMA foreign_keys=ON")
        if is_empty:
            with self.changing() as db:
                for statement in TABLES:
                    db.execute(statement)
                db.execute(f"PRAGMA application_id={APPLICATION}")
                db.execute(f"PRAGMA user_version={VERSION}")

    def _setting(self, name: str) -> int:
        number: int = self.db.execute(f"PRAGMA {name}").fetchone()[0]
        return number
