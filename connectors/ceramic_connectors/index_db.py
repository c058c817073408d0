"""The index of a source: a SQLite file that is written once and then only read."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from ceramic_connectors.files import SourceFile
from ceramic_connectors.outside import outside

_FILES: Final = "CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT, size INTEGER, changed INTEGER)"
# An index that was not finished is thrown away, so it needs no journal.
_SETTINGS: Final = (
    "page_size=16384",
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "cache_size=-65536",
)


def build_index(work_dir: Path, schema: tuple[str, ...], fill: Callable[[sqlite3.Connection], None]) -> Path:
    """Make an index in the work folder, with a table `files` and those of `schema`.

    Raises:
        OutsideError: the folder can't be written or the disk is full; nothing is left behind.
    """
    with outside(f"write an index in {work_dir}"):
        work_dir.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="index-", suffix=".sqlite", dir=work_dir)
        os.close(handle)
        try:
            with closing(sqlite3.connect(name, isolation_level=None)) as db:
                for setting in _SETTINGS:
                    db.execute(f"PRAGMA {setting}")
                db.execute("BEGIN")
                for statement in (_FILES, *schema):
                    db.execute(statement)
                fill(db)
                db.execute("COMMIT")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return Path(name)


def add_file(db: sqlite3.Connection, number: int, file: SourceFile) -> None:
    """Record a file of the source under its number."""
    # Names that are no Unicode text come from the system with surrogates, which SQLite has no text for.
    path = os.fsencode(file.path)
    db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", (number, path, file.size, file.changed))


def describe_file(db: sqlite3.Connection, number: int) -> SourceFile:
    """A file of the source by its number."""
    path, size, changed = db.execute(
        "SELECT path, size, changed FROM files WHERE id = ?", (number,)
    ).fetchone()
    return SourceFile(os.fsdecode(path), size, changed)


def total_size(db: sqlite3.Connection) -> int:
    """Bytes of all files of the source."""
    found: int = db.execute("SELECT coalesce(sum(size), 0) FROM files").fetchone()[0]
    return found


@contextmanager
def read_index(index: Path) -> Iterator[sqlite3.Connection]:
    """The index, for reading only.

    Raises:
        OutsideError: it is gone or can't be read.
    """
    with outside(f"read the index {index}"):
        # A generator may be advanced by another thread than the one that started it, though never by two.
        uri = f"{index.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as db:
            yield db
