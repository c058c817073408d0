"""Tokens that follow their file: who changes it need not start the node again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ceramic_node.http.guard.tokens import TokenBook
from ceramic_protocol.errors import CeramicError

_LOG: Final = logging.getLogger(__name__)


class TokenFile:
    """The tokens of a file, read again when it changes.

    A file that makes no sense changes nothing: the tokens that were read before go on, and the log says so.
    """

    def __init__(self, path: Path, on_change: Callable[[], object] = lambda: None) -> None:
        """Read the file.

        Args:
            path: of the file.
            on_change: called after other tokens have been read.

        Raises:
            UsageError: a line makes no sense, or others could write to the file.
            OutsideError: it can't be read.
        """
        self._path = path
        self._seen = _stamp(path)
        self._on_change = on_change
        self.book = TokenBook.load(path)

    def on_change(self, action: Callable[[], object]) -> None:
        """Name what to call after other tokens have been read."""
        self._on_change = action

    def check(self) -> None:
        """Read the file if it isn't what was read last."""
        if _stamp(self._path) != self._seen:
            self.reload()

    def reload(self) -> None:
        """Read the file."""
        # Taken before the file is read: what is written meanwhile is noticed the next time.
        self._seen = _stamp(self._path)
        try:
            self.book = TokenBook.load(self._path)
        except CeramicError as error:
            _LOG.error("the tokens stay as they were: %s", error)  # no trace: it may quote a line
            return
        _LOG.info("read %d tokens", len(self.book))
        self._on_change()


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes with a file, whether it is written or replaced."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode
