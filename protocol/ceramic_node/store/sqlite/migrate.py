"""Bringing a file to the version of this release: forward only, each step in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ceramic_node.store.sqlite.errors import StoreTooNew
from ceramic_node.store.sqlite.schema import APPLICATION, MIGRATIONS
from ceramic_protocol.errors import UsageError


def migrate(db: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Take the steps that a file lacks.

    Args:
        db: the file, outside of any transaction.
        path: its name, for errors.
        steps: all there are.

    Returns:
        The version that it had; 0 if it was empty.

    Raises:
        StoreTooNew: it has seen more steps than there are.
        UsageError: it is another program's.
    """
    application, version = _setting(db, "application_id"), _setting(db, "user_version")
    if application == APPLICATION and version > len(steps):
        raise StoreTooNew(path, version, len(steps))
    is_empty = (application, version) == (0, 0) and not _setting(db, "schema_version")
    if application != APPLICATION and not is_empty:
        raise UsageError(f"{path} is no store of events")
    for number in range(version, len(steps)):
        _take(db, steps[number], number + 1)
    return version


def _take(db: sqlite3.Connection, statements: Sequence[str], version: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA application_id={APPLICATION}")
        db.execute(f"PRAGMA user_version={version}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _setting(db: sqlite3.Connection, name: str) -> int:
    number: int = db.execute(f"PRAGMA {name}").fetchone()[0]
    return number
