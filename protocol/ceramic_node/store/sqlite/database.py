"""The file of a store: one connection that writes, others that read, and a thread that tidies up.

Readers see the file as it was when they began, and nobody waits for them (SQLite's WAL). What is committed
is in the log and survives the end of the process; with `synchronous=FULL` that of the machine too. A thread
moves it from the log to the file, so that no writer waits for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Final, Literal, TypeAlias

from ceramic_node.sqlite_log import SqliteLog
from ceramic_node.store.sqlite.migrate import migrate
from ceramic_node.store.sqlite.readers import READER_CACHE_KIB, Readers
from ceramic_protocol.limits import MAX_STORE_LOG_BYTES

Synchronous: TypeAlias = Literal["NORMAL", "FULL"]
"""Whether what was put survives the end of the process (NORMAL), or a power failure as well (FULL)."""

# Smaller than what suits long rows that are only added: a batch changes a few bytes each on hundreds of pages
# of keys, and all of these pages go through the log.
_PAGE_BYTES: Final = 4096
_WRITER_CACHE_KIB: Final = 64 * 1024


class Database(Readers):
    """A file for several threads of one process."""

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        """Open it, make it if it isn't there, and bring it up to date.

        Raises:
            StoreCorruption: it is damaged.
            StoreTooNew: a later release has written it.
            UsageError: it is another program's.
            OutsideError: it can't be used.
        """
        super().__init__(path)
        self.lock = RLock()
        self._log = SqliteLog(path, lambda: self._connect(READER_CACHE_KIB), MAX_STORE_LOG_BYTES)
        with self._watched():
            self._writer = self._connect(_WRITER_CACHE_KIB)
        try:
            with self._watched():
                self._writer.execute(f"PRAGMA page_size={_PAGE_BYTES}")
                self._log.set_up(self._writer)
                self._writer.execute(f"PRAGMA synchronous={synchronous}")
                self.came_with = migrate(self._writer, path)
        except BaseException:
            self._writer.close()
            raise
        self._log.start()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, in a transaction: all of it is done and lasts, or nothing.

        Raises:
            StoreCorruption: the file is damaged, or was found to be so before.
            OutsideError: it can't be written, or is closed.
        """
        with self.lock, self._watched():
            db = self._writer
            self._log.make_room(db)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        self._log.note()

    @contextmanager
    def preparing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, for reading what is about to be changed: it has that in memory then.

        Raises:
            StoreCorruption: the file is damaged, or was found to be so before.
            OutsideError: it can't be read, or is closed.
        """
        with self.lock, self._watched():
            yield self._writer

    def close(self) -> None:
        """Close it; a second time does nothing. Calls under way end first, or fail."""
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._log.close()
        super().close()
        self._writer.close()
