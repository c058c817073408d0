"""What can be wrong with a store's files, and SQLite's failures as errors of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ceramic_connectors.outside import outside
from ceramic_protocol.errors import CeramicError, StoreCorruption, UsageError

_PRIMARY: Final = 0xFF
_BROKEN: Final = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    # Rows that contradict each other, and statements of ours that don't fit the tables.
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_ERROR,
}
_ADVICE: Final = "stop using it, and restore a backup"


class StoreInUse(CeramicError):
    """Another process has the store open; a store is for one process at a time."""

    code = "store_in_use"

    def __init__(self, folder: Path, pid: int | None) -> None:
        who = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{who} has the store in {folder} open; stop it first")
        self.pid = pid


class StoreTooNew(CeramicError):
    """A later release has written the store, in a form that this one doesn't know."""

    code = "store_too_new"

    def __init__(self, path: Path, version: int, known: int) -> None:
        super().__init__(
            f"{path} is of version {version}, and this release knows {known}: use a later release"
        )
        self.version = version


@contextmanager
def translated(path: Path, advice: str = _ADVICE) -> Iterator[None]:
    """Turn what SQLite and disks raise into errors of ours.

    Args:
        path: the file.
        advice: what to do if it is damaged.

    Raises:
        StoreCorruption: the file is damaged, or its rows contradict each other.
        UsageError: a number is too large for it.
        OutsideError: the disk or SQLite failed in another way.
    """
    with outside(f"use the store {path}"):
        try:
            yield
        except OverflowError as error:
            raise UsageError("a number of more than 64 bits can't be kept") from error
        except UnicodeDecodeError as error:
            # What SQLite says of damaged tables repeats their names.
            raise StoreCorruption(f"{path}: text that is none; {advice}") from error
        except sqlite3.Error as error:
            if _is_damage(error):
                raise StoreCorruption(f"{path}: {error}; {advice}") from error
            raise


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Python's own: text in the file that is none.
        return "decode to UTF-8" in str(error)
    return int(code) & _PRIMARY in _BROKEN
