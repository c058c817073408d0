"""How much memory the process takes, which DuckDB's own count of memory doesn't tell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    """What the process has in memory; 0 where the system doesn't say that so."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


class Growth:
    """How much more memory there is than while no query worked."""

    def __init__(self) -> None:
        self._calm = resident_bytes()

    def look(self, *, is_busy: bool) -> int:
        """Bytes more than when it was last calm; told again and again whether a query works."""
        now = resident_bytes()
        self._calm = min(now, self._calm) if is_busy else now
        return now - self._calm
