"""Short turns of threads: a node answers while it verifies, and one must not wait for the other."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Final

_SECONDS: Final = 0.0001
"""How long a thread may have to wait for the interpreter (Python's default: 5 ms).

An answer takes less than that, and many threads that work on values would keep it back each time."""


class _ShortTurns:
    """Python's switch interval, short as long as anybody asks for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before = 0.0

    def begin(self) -> None:
        """Make turns short."""
        with self._lock:
            if self._users == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._before, _SECONDS))
            self._users += 1

    def end(self) -> None:
        """Leave turns as they were before, if nobody else asks for short ones."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                sys.setswitchinterval(self._before)


SHORT_TURNS: Final = _ShortTurns()
"""Those of this process."""
