"""The folder in which a source has a node of its own."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Self

from ceramic_connectors.outside import outside
from ceramic_node.http.guard.tokens import Scope, new_token
from ceramic_node.store.sqlite import StoreInUse
from ceramic_node.store.sqlite.lock import FolderLock
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import PRIVATE_NODE_LOCK_SECONDS, PRIVATE_NODE_POLL_SECONDS

_PRIVATE: Final = 0o600
_CLOSED: Final = 0o700


class Tokens(NamedTuple):
    """What lets into the node.

    Attributes:
        file: of hashes, for the node.
        to_read: place of the token to read with.
        to_write: the token to write with; None if nobody may.
    """

    file: Path
    to_read: str
    to_write: str | None


class WorkFolder:
    """Where things are in it; see `held`."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.store: Final = path / "store"
        self.refused: Final = path / "refused.sqlite"
        self.cursor: Final = path / "cursor.json"
        self.index: Final = path / "index"

    @classmethod
    @contextmanager
    def held(cls, path: Path) -> Iterator[Self]:
        """A folder that is made if need be, and nobody else's until the block ends.

        Raises:
            OutsideError: another source has it, or it can't be used.
        """
        with outside(f"make the work folder {path}"):
            path.mkdir(mode=_CLOSED, parents=True, exist_ok=True)
        lock = _locked(path)
        found = cls(path)
        try:
            found.clear_index()
            yield found
        finally:
            found.clear_index()
            lock.release()

    def new_tokens(self, *, is_filled: bool) -> Tokens:
        """Tokens for a node that begins, and for what fills it while it runs; earlier ones count no more."""
        file, place = self.path / "tokens.txt", self.path / "token"
        to_read, reading = new_token("source", [Scope.READ])
        to_write, writing = new_token("filler", [Scope.WRITE])
        _write(file, f"{reading.line}\n{writing.line}\n" if is_filled else f"{reading.line}\n")
        _write(place, to_read)
        return Tokens(file, f"file:{place}", to_write if is_filled else None)

    def clear_index(self) -> None:
        """Remove the index of a source that was read, also one that a killed process has left."""
        shutil.rmtree(self.index, ignore_errors=True)


def _locked(path: Path) -> FolderLock:
    until = time.monotonic() + PRIVATE_NODE_LOCK_SECONDS
    while True:
        try:
            return FolderLock(path)
        except StoreInUse as error:
            if time.monotonic() > until:
                who = "another source" if error.pid is None else f"another source (process {error.pid})"
                raise OutsideError(f"{who} has the work folder {path}; stop it, or give --work-dir") from None
        time.sleep(PRIVATE_NODE_POLL_SECONDS)


def _write(path: Path, text: str) -> None:
    """A file for its owner alone; whoever reads it meanwhile sees the old one or the new one."""
    beside = path.with_name(f"{path.name}.new")
    with outside(f"write {path}"):
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
