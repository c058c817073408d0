"""A folder of output that appears whole or not at all.

The output is made in a hidden folder beside its place, `.NAME.partial-…`, and moved there by one rename when
everything in it is on the disk (`manifest.write_manifest`). A run that dies leaves only the hidden folder,
which the next run removes: a lock tells it from that of a run that is still at work.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ceramic_connectors.manifest import refuse_if_occupied
from ceramic_connectors.outside import outside
from ceramic_connectors.rename import replace_folder, sync
from ceramic_protocol.errors import OutsideError

_LOCK: Final = "lock"
_FILES: Final = "files"
_ATTEMPTS: Final = 16


class StagedFolder:
    """Output on its way to `output`; write into `path`, then `commit`.

    As a context manager it aborts unless it was committed.
    """

    def __init__(self, output: Path, hidden: Path, lock: int, *, overwrite: bool) -> None:
        self._output = output
        self._hidden = hidden
        self._lock: int | None = lock
        self._overwrite = overwrite
        self.path = hidden / _FILES

    @classmethod
    def open(cls, output: Path, *, overwrite: bool) -> Self:
        """Begin output that will stand at `output`, whose parent folders are made if need be.

        Args:
            output: A folder that doesn't exist, is empty or, with `overwrite`, holds earlier output and
                nothing else.
            overwrite: Whether earlier output may be replaced.

        Raises:
            UsageError: something stands at `output` that must not be replaced.
            OutsideError: nothing can be written there.
        """
        with outside(f"write to {output}"):
            # Beside the folder that a link points to, not beside the link.
            place = output.resolve()
            refuse_if_occupied(place, overwrite=overwrite)
            place.parent.mkdir(parents=True, exist_ok=True)
            pattern = f".{place.name}.partial-"
            _remove_leftovers(place.parent, pattern)
            hidden, lock = _make_hidden(place.parent, pattern)
            staged = cls(place, hidden, lock, overwrite=overwrite)
            try:
                staged.path.mkdir()
            except OSError:
                staged.abort()
                raise
        return staged

    def commit(self) -> None:
        """Publish everything at once; the manifest has been written.

        Raises:
            UsageError: in the meantime something was put at the place of the output.
            OutsideError: the disk refused; the place of the output is as it was.
        """
        with outside(f"publish {self._output}"):
            sync(self.path)
            refuse_if_occupied(self._output, overwrite=self._overwrite)
            replace_folder(self.path, self._output)
        self._clean()

    def abort(self) -> None:
        """Throw away what was written; after a commit nothing happens."""
        self._clean()

    def _clean(self) -> None:
        if self._lock is not None:
            shutil.rmtree(self._hidden, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


def _make_hidden(parent: Path, pattern: str) -> tuple[Path, int]:
    for _ in range(_ATTEMPTS):
        hidden = parent / f"{pattern}{secrets.token_hex(4)}"
        # Another run may take the folder for a leftover until the lock is held.
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            hidden.mkdir()
            lock = _take_lock(hidden / _LOCK)
            if lock is not None:
                return hidden, lock
    msg = f"can't make a folder in {parent}: others keep removing it; try again"
    raise OutsideError(msg)


def _take_lock(path: Path) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_nlink > 0:
            return lock
    except BlockingIOError:
        pass
    except OSError:
        # Some network file systems have no locks; there nobody removes leftovers either.
        return lock
    os.close(lock)
    return None


def _remove_leftovers(parent: Path, pattern: str) -> None:
    for hidden in [path for path in parent.iterdir() if path.name.startswith(pattern)]:
        with contextlib.suppress(OSError):
            lock = os.open(hidden / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(hidden)
            finally:
                os.close(lock)
