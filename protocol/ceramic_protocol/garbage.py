"""Python's garbage collector, set for programs that make much and let go of it by themselves.

Work on events makes hundreds of thousands of objects that all live for a while, and hardly any of them is in
a cycle. By default the interpreter goes through all that live again and again, for a quarter of its time.
"""

from __future__ import annotations

import gc
from threading import Lock
from types import TracebackType
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 100)


def collect_less() -> None:
    """Look for cycles seldom, and never among what there was at the start: hardly any come to be here."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


class _Seldom:
    """The same for the time being: a context manager, and as many at once as need it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before = (0, 0, 0)

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._before = gc.get_threshold()
                gc.set_threshold(*_THRESHOLDS)
            self._users += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                gc.set_threshold(*self._before)


COLLECTING_LESS: Final = _Seldom()
"""Looks for cycles seldom as long as any block under it runs, in whatever thread."""
