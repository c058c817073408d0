"""How far a pass over files has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Is told the bytes done and the bytes in all."""

_STEP: Final = 4 * 1024 * 1024


class Meter:
    """Tells a `Progress` every few MiB, and once at the end."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._told = 0

    def advance(self, size: int) -> None:
        """`size` more bytes are done."""
        self._done += size
        if self._progress is not None and self._done - self._told >= _STEP:
            self._told = self._done
            self._progress(min(self._done, self._total), self._total)

    def finish(self) -> None:
        """Everything is done."""
        if self._progress is not None:
            self._progress(self._total, self._total)
