"""Failures of files and disks as one sentence: what was tried, what went wrong, what to do about it."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ceramic_protocol.errors import OutsideError

_SPACE: Final = "free some space or use another disk"
_RIGHTS: Final = "check its permissions or name another one"
_PATH: Final = "check the path"
_WAYS_OUT: Final = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "raise the limit on file sizes or use another disk",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.EEXIST: _PATH,
    errno.ENOENT: _PATH,
    errno.ENOTDIR: _PATH,
    errno.EISDIR: _PATH,
    errno.EBUSY: "name a folder inside the mounted one",
    errno.EXDEV: "name a folder inside the mounted one",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}
_ELSE: Final = "check the disk and its free space"


def sentence(doing: str, error: OSError) -> str:
    """One sentence on an `OSError`; `doing` completes "can't …"."""
    # Some libraries fold the number into a text of their own; the system's words are shorter.
    cause = os.strerror(error.errno) if error.errno else str(error).split("\n", 1)[0]
    return f"can't {doing}: {cause}; {_WAYS_OUT.get(error.errno or 0, _ELSE)}"


@contextmanager
def outside(doing: str) -> Iterator[None]:
    """Turn what disks and SQLite raise into an error of ours; `doing` completes "can't …".

    Raises:
        OutsideError: instead of `OSError` and `sqlite3.Error`.
    """
    try:
        yield
    except OSError as error:
        raise OutsideError(sentence(doing, error)) from error
    except sqlite3.Error as error:
        raise OutsideError(f"can't {doing}: {error}; {_ELSE}") from error
