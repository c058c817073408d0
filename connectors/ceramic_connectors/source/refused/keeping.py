"""What was refused, in a SQLite file: each thing once, numbered as it came."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from ceramic_connectors.outside import outside
from ceramic_protocol.limits import MAX_REFUSED_PAGE_BYTES, REFUSED_LOCK_SECONDS

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS about (epoch TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS refused (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,
        received INTEGER NOT NULL,
        cid TEXT,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        raw BLOB NOT NULL
    )""",
)
_BEGIN: Final = "INSERT INTO about SELECT ? WHERE NOT EXISTS (SELECT * FROM about)"
_ADD: Final = (
    "INSERT INTO refused (digest, received, cid, reason, detail, raw) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (digest) DO NOTHING"
)
_PAGE: Final = (
    "SELECT number, received, cid, reason, detail, raw FROM refused WHERE number > ? ORDER BY number LIMIT ?"
)
_END: Final = "SELECT coalesce(max(number), 0) FROM refused"


class Refused(NamedTuple):
    """An event that was refused, or a stretch of a source from which none can be read.

    Attributes:
        cid: of the event, as far as that is known.
        reason: code of the reason.
        detail: more about it; may be empty.
        raw: the bytes as they came.
    """

    cid: str | None
    reason: str
    detail: str
    raw: bytes


class Kept(NamedTuple):
    """The same with its number, and when it came in unix milliseconds."""

    number: int
    received: int
    refused: Refused


class RefusedEvents:
    """The file; one process adds to it, others read. For one thread. A context manager.

    Every method raises `OutsideError` if the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._path: Final = path
        with self._used():
            self._db: Final = sqlite3.connect(path, timeout=REFUSED_LOCK_SECONDS, check_same_thread=False)
            with self._db:
                for statement in _SCHEMA:
                    self._db.execute(statement)
                self._db.execute(_BEGIN, (secrets.token_hex(8),))
            self.epoch: Final[str] = self._db.execute("SELECT epoch FROM about").fetchone()[0]

    def add(self, items: Iterable[Refused]) -> None:
        """Keep what isn't there yet."""
        now = time.time_ns() // 1_000_000
        rows = [(_digest(each), now, *each) for each in items]
        if rows:
            with self._used(), self._db:
                self._db.executemany(_ADD, rows)

    def page(self, after: int, limit: int) -> list[Kept]:
        """What follows a number, at most so many and not much more than `MAX_REFUSED_PAGE_BYTES`."""
        found, size = [], 0
        with self._used(), closing(self._db.execute(_PAGE, (after, limit))) as rows:
            for number, received, *refused in rows:
                found.append(Kept(number, received, Refused(*refused)))
                size += len(found[-1].refused.raw)
                if size >= MAX_REFUSED_PAGE_BYTES:
                    break
        return found

    def end(self) -> int:
        """The last number; 0 if there is none."""
        with self._used():
            number: int = self._db.execute(_END).fetchone()[0]
            return number

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _used(self) -> AbstractContextManager[None]:
        return outside(f"keep what was refused in {self._path}")


def _digest(refused: Refused) -> bytes:
    """By what it is known: the bytes, and where they were if there may be the same ones elsewhere."""
    is_enough = refused.cid is not None and refused.raw
    return sha256(refused.raw + (b"" if is_enough else refused.detail.encode())).digest()
