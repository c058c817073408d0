"""The log of a SQLite file (its WAL), which a thread moves into the file: no writer waits for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

_TIDY_SECONDS: Final = 2.0
_MOST_LOGS: Final = 2


class SqliteLog:
    """The log of one file, of which one connection at a time is written to."""

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection], max_bytes: int) -> None:
        """Say which; nothing happens before `start`.

        Args:
            path: the file.
            connect: makes a connection for the thread.
            max_bytes: after which a new log is begun; it may get longer while somebody reads.
        """
        self._path = path.with_name(path.name + "-wal")
        self._connect = connect
        self._max_bytes = max_bytes
        self._is_dirty = Event()
        self._is_urgent = Event()
        self._moving = Lock()
        self._is_full = False
        self._is_closed = False
        self._thread = Thread(target=self._tidy, name=f"{path.name} log", daemon=True)

    def set_up(self, db: sqlite3.Connection) -> None:
        """Let the connection that writes keep such a log, and leave moving it to the thread."""
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute(f"PRAGMA journal_size_limit={self._max_bytes}")

    def start(self) -> None:
        """Begin to move it."""
        self._thread.start()

    def make_room(self, db: sqlite3.Connection) -> None:
        """Begin a new log if this one is long; called before each transaction by whoever writes.

        All of it has to be in the file while nobody adds to it.
        """
        size = self._path.stat().st_size
        if size <= self._max_bytes:
            return
        self._is_urgent.set()
        # Most of it is the thread's work; wait for that only if the log grows faster than it can be moved.
        must_wait = size > _MOST_LOGS * self._max_bytes
        if (self._is_full or must_wait) and self._moving.acquire(blocking=must_wait):
            try:
                db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._is_full = False
            finally:
                self._moving.release()

    def note(self) -> None:
        """Something was committed."""
        self._is_dirty.set()

    def _tidy(self) -> None:
        """Move what is in the log to the file, time and again."""
        db = self._connect()
        try:
            page_bytes = db.execute("PRAGMA page_size").fetchone()[0]
            while not self._is_closed:
                self._is_dirty.wait()
                # Pages that change again and again are moved once.
                self._is_urgent.wait(_TIDY_SECONDS)
                self._is_dirty.clear()
                self._is_urgent.clear()
                with self._moving, suppress(sqlite3.Error):
                    _busy, pages, _moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    self._is_full = pages * page_bytes > self._max_bytes
        finally:
            db.close()

    def close(self) -> None:
        """End the thread, if it was started; nobody writes any more. A second time does nothing."""
        self._is_closed = True
        self._is_urgent.set()
        self._is_dirty.set()
        if self._thread.is_alive():
            self._thread.join()
