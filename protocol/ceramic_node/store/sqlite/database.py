"""The file of a store: one connection that writes, others that read, and a thread that tidies up.

Readers see the file as it was when they began, and nobody waits for them (SQLite's WAL). What is committed
is in the log and survives the end of the process; with `synchronous=FULL` that of the machine too. A thread
moves it from the log to the file, so that no writer waits for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, RLock, Thread
from typing import Final, Literal, TypeAlias

from ceramic_node.store.sqlite.migrate import migrate
from ceramic_node.store.sqlite.readers import READER_CACHE_KIB, Readers
from ceramic_protocol.limits import MAX_STORE_LOG_BYTES

Synchronous: TypeAlias = Literal["NORMAL", "FULL"]
"""Whether what was put survives the end of the process (NORMAL), or a power failure as well (FULL)."""

# Smaller than what suits long rows that are only added: a batch changes a few bytes each on hundreds of pages
# of keys, and all of these pages go through the log.
_PAGE_BYTES: Final = 4096
_WRITER_CACHE_KIB: Final = 64 * 1024
_TIDY_SECONDS: Final = 1.0
_MOST_LOGS: Final = 2


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
        self._log = path.with_name(path.name + "-wal")
        self.lock = RLock()
        self._is_dirty = Event()
        self._is_urgent = Event()
        self._moving = Lock()
        self._is_full = False
        with self._watched():
            self._writer = self._connect(_WRITER_CACHE_KIB)
        try:
            with self._watched():
                self._writer.execute(f"PRAGMA page_size={_PAGE_BYTES}")
                self._writer.execute("PRAGMA journal_mode=WAL")
                self._writer.execute("PRAGMA wal_autocheckpoint=0")
                self._writer.execute(f"PRAGMA journal_size_limit={MAX_STORE_LOG_BYTES}")
                self._writer.execute(f"PRAGMA synchronous={synchronous}")
                self.came_with = migrate(self._writer, path)
        except BaseException:
            self._writer.close()
            raise
        self._tidier = Thread(target=self._tidy, name="store log", daemon=True)
        self._tidier.start()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, in a transaction: all of it is done and lasts, or nothing.

        Raises:
            StoreCorruption: the file is damaged, or was found to be so before.
            OutsideError: it can't be written, or is closed.
        """
        with self.lock, self._watched():
            db = self._writer
            self._begin_log(db)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        self._is_dirty.set()

    @contextmanager
    def preparing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, for reading what is about to be changed: it has that in memory then.

        Raises:
            StoreCorruption: the file is damaged, or was found to be so before.
            OutsideError: it can't be read, or is closed.
        """
        with self.lock, self._watched():
            yield self._writer

    def _begin_log(self, db: sqlite3.Connection) -> None:
        """Begin a new log if this one is long: all of it has to be in the file while nobody adds to it."""
        size = self._log.stat().st_size
        if size <= MAX_STORE_LOG_BYTES:
            return
        self._is_urgent.set()
        # Most of it is the thread's work; wait for that only if the log grows faster than it can be moved.
        must_wait = size > _MOST_LOGS * MAX_STORE_LOG_BYTES
        if (self._is_full or must_wait) and self._moving.acquire(blocking=must_wait):
            try:
                db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._is_full = False
            finally:
                self._moving.release()

    def _tidy(self) -> None:
        """Move what is in the log to the file, time and again."""
        db = self._connect(READER_CACHE_KIB)
        try:
            while not self._is_closed:
                self._is_dirty.wait()
                # Pages that change again and again are moved once.
                self._is_urgent.wait(_TIDY_SECONDS)
                self._is_dirty.clear()
                self._is_urgent.clear()
                with self._moving, suppress(sqlite3.Error):
                    _busy, pages, _moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    self._is_full = pages * _PAGE_BYTES > MAX_STORE_LOG_BYTES
        finally:
            db.close()

    def close(self) -> None:
        """Close it; a second time does nothing. Calls under way end first, or fail."""
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._is_urgent.set()
        self._is_dirty.set()
        self._tidier.join()
        super().close()
        self._writer.close()
