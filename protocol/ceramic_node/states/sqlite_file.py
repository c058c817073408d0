"""The file of a store of states: one process writes, and any may read."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import uuid4

from ceramic_connectors.outside import outside
from ceramic_node.sqlite_log import SqliteLog
from ceramic_node.states.schema import APPLICATION, TABLES, VERSION
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from ceramic_protocol.limits import MAX_STATE_READERS, STATE_CACHE_BYTES, STATE_LOG_BYTES

_BUSY_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05
_KIB: Final = 1024
# As in the store of events: a transaction changes a few bytes each on pages all over the indexes.
_PAGE_BYTES: Final = 4 * _KIB
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class StatesFile:
    """A SQLite file for several threads of one process."""

    def __init__(self, path: Path, *, reads_only: bool = False, patience: float = 0.0) -> None:
        """Open the file, or make one.

        Args:
            path: its place.
            reads_only: whether nothing is written here; then the file has to be there.
            patience: for how many seconds to wait for another process that writes to it to end.

        Raises:
            UsageError: it is a file of something else.
            OutsideError: it can't be used, or another process writes to it.
            StoreCorruption: it is damaged.
        """
        self._path = path
        self._lock = Lock()
        self._writing = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._is_open = True
        self._guard = -1
        self._log = SqliteLog(path, self._connect, STATE_LOG_BYTES)
        if reads_only:
            return
        self._guard = self._alone(time.monotonic() + patience)
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        self._log.start()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile."""
        with self._told():
            with self._lock:
                db = self._idle.pop() if self._idle else None
            if db is None:
                db = self._connect()
                db.execute("PRAGMA query_only=ON")
            try:
                yield db
            finally:
                with self._lock:
                    is_kept = self._is_open and len(self._idle) < MAX_STATE_READERS
                    if is_kept:
                        self._idle.append(db)
                if not is_kept:
                    db.close()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The writer's connection in a transaction: all of it is done, or nothing."""
        with self._writing, self._told():
            db = self._writer
            if db is None:
                raise OutsideError(f"can't {self._doing}: it is closed")
            self._log.make_room(db)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
        self._log.note()

    def close(self) -> None:
        """Close it; a second time does nothing."""
        with self._writing, self._lock:
            self._log.close()
            for db in (*self._idle, *filter(None, [self._writer])):
                db.close()
            self._idle.clear()
            self._writer, self._is_open = None, False
            if self._guard >= 0:
                os.close(self._guard)
                self._guard = -1

    @property
    def _doing(self) -> str:
        return f"use the states in {self._path}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        with outside(self._doing):
            try:
                yield
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", None) in _BROKEN:
                    msg = f"{self._path} is damaged ({error}); remove it, and it is made anew from the events"
                    raise StoreCorruption(msg) from error
                raise

    def _alone(self, until: float) -> int:
        with outside(self._doing):
            guard = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while True:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() < until:
                    time.sleep(_LOOK_SECONDS)
                    continue
                os.close(guard)
                raise OutsideError(f"can't {self._doing}: it is open elsewhere; close it there") from None
            return guard

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )

    def _open(self) -> None:
        with self._told():
            db = self._writer = self._connect()
            application, version = _setting(db, "application_id"), _setting(db, "user_version")
            is_empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if application != APPLICATION and not is_empty:
                raise UsageError(f"{self._path} is no store of states")
            if not is_empty and version != VERSION:
                db.close()
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                db = self._writer = self._connect()
                is_empty = True
            db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            self._log.set_up(db)
            # What a failing power supply takes can be made anew; a killed process takes nothing.
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(f"PRAGMA cache_size={-STATE_CACHE_BYTES // _KIB}")
            if is_empty:
                _make(db)


def _make(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        db.execute(statement)
    db.execute("INSERT INTO head VALUES (0, 0, 0, ?, '')", (uuid4().hex,))
    db.execute(f"PRAGMA application_id={APPLICATION}")
    db.execute(f"PRAGMA user_version={VERSION}")
    db.execute("COMMIT")


def _setting(db: sqlite3.Connection, name: str) -> int:
    number: int = db.execute(f"PRAGMA {name}").fetchone()[0]
    return number
