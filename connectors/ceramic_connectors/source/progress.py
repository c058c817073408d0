"""How far a task is, told now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from ceramic_connectors.source.composing import Seen
from ceramic_connectors.source.meter import Meter
from ceramic_connectors.source.origin import Feed
from ceramic_protocol.limits import SOURCE_TOLD_SECONDS


class Progress:
    """Counts, and tells while there is something to tell."""

    def __init__(self, tell: Callable[[str], None], meter: Meter | None) -> None:
        self._tell = tell
        self._meter = meter
        self._told = time.monotonic()
        self._records = 0
        self._positions: dict[Feed, int] = {}

    def written(self, records: int, seen: Iterable[Seen]) -> None:
        """A transaction with so many records of these pages was committed."""
        self._records += records
        for page in seen:
            self._positions[page.feed] = page.position
            if self._meter is not None:
                self._meter.read(page)
        if self._meter is not None:
            self._meter.written(records)
        passed = time.monotonic() - self._told
        if passed < SOURCE_TOLD_SECONDS:
            return
        places = ", ".join(f"{feed} at {position:,}" for feed, position in self._positions.items())
        self._tell(f"{self._records:,} records, {self._records / passed:,.0f}/s; {places}")
        self._records, self._told = 0, time.monotonic()

    def failed(self, error: Exception) -> None:
        """A producer failed, and is replaced."""
        self._tell(f"{error}; beginning again with what Kafka has")
        if self._meter is not None:
            self._meter.failed()
