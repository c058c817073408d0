"""One process at a time: a file that is locked as long as a store is open, with the number of who has it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from ceramic_connectors.outside import outside
from ceramic_node.store.sqlite.errors import StoreInUse

_NAME: Final = "store.lock"
_MOST_DIGITS: Final = 20


class FolderLock:
    """The lock of a folder. The system lets go of it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take it.

        Raises:
            StoreInUse: another process, or another part of this one, has it.
            OutsideError: the folder can't be used.
        """
        with outside(f"lock the store in {folder}"):
            self._file = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._file, _MOST_DIGITS, 0).strip()
            self.release()
            raise StoreInUse(folder, int(holder) if holder.isdigit() else None) from None
        with outside(f"lock the store in {folder}"):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go of it; a second time does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
