"""Copies of a store, made while it is used, and stores made from copies."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ceramic_connectors.outside import outside
from ceramic_node.store.sqlite.errors import translated
from ceramic_node.store.sqlite.identity import renew_epoch
from ceramic_node.store.sqlite.lock import FolderLock
from ceramic_node.store.sqlite.migrate import migrate
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError

FILE_NAME: Final = "store.sqlite"
"""The name of the file in a store's folder."""

_PARTIAL: Final = ".partial"


def back_up(db: sqlite3.Connection, path: Path) -> None:
    """Copy what a connection sees to a file, which is there as a whole or not at all.

    Raises:
        UsageError: the file is there already.
        OutsideError: it can't be written.
    """
    if path.exists():
        raise UsageError(f"{path} is there already")
    partial = path.with_name(path.name + _PARTIAL)
    try:
        with outside(f"write the backup {path}"):
            partial.unlink(missing_ok=True)
            with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
                # All of it at once: in steps it would begin anew with every change. Nobody waits for it.
                db.backup(copy, pages=-1)
                # A copy is one file, with no log beside it.
                copy.execute("PRAGMA journal_mode=DELETE")
            _publish(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def restore(backup: Path, folder: Path) -> None:
    """Make a store from a backup. It begins a new epoch, as what came after the backup is lost.

    Raises:
        UsageError: there is a store in the folder already, or the file is no backup of one.
        StoreCorruption: the backup is damaged.
        StoreTooNew: a later release has written it.
        OutsideError: a file can't be read or written.
    """
    if not backup.is_file():
        raise OutsideError(f"there is no backup {backup}")
    with outside(f"restore {backup} to {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
    guard = FolderLock(folder)
    path, partial = folder / FILE_NAME, folder / (FILE_NAME + _PARTIAL)
    try:
        if path.exists():
            raise UsageError(f"there is a store in {folder} already")
        with outside(f"restore {backup} to {folder}"):
            shutil.copyfile(backup, partial)
        _accept(partial)
        with outside(f"restore {backup} to {folder}"):
            _publish(partial, path)
    finally:
        partial.unlink(missing_ok=True)
        guard.release()


def _accept(path: Path) -> None:
    with translated(path), closing(sqlite3.connect(path, isolation_level=None)) as db:
        if migrate(db, path) == 0:
            raise UsageError(f"{path} is empty")
        problems = [row[0] for row in db.execute("PRAGMA quick_check")]
        if problems != ["ok"]:
            raise StoreCorruption(f"the backup is damaged: {problems[0]}")
        db.execute("BEGIN IMMEDIATE")
        renew_epoch(db)
        db.execute("COMMIT")


def _publish(partial: Path, path: Path) -> None:
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
