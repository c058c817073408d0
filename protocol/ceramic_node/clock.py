"""The time that counts as now."""

from __future__ import annotations

import time

_NANOS_PER_MILLI = 1_000_000


class SystemClock:
    """The clock of the machine, a `Clock`."""

    def now(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // _NANOS_PER_MILLI
