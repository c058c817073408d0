"""Figures of a node that are read from its stores, once for all who ask at about the same time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Protocol, runtime_checkable

from ceramic_node import metrics
from ceramic_node.node import Node
from ceramic_node.states.records import Backlog
from ceramic_node.watching.meter import Meter
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import MAX_STORE_PAGE, METRICS_SECONDS

_LOG: Final = logging.getLogger(__name__)


@runtime_checkable
class _HasWaiting(Protocol):
    """A store that tells how many events wait for others."""

    @property
    def waiting(self) -> int: ...


class Figures(NamedTuple):
    """Where a node's stores are.

    `lag` is how many changes the states don't have yet, `lag_seconds` for how long they haven't had them all.
    """

    position: int
    lag: int
    lag_seconds: float


class FigureReader:
    """Reads figures; for any thread. What it tells is at most `METRICS_SECONDS` old."""

    def __init__(self, node: Node, folder: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Read of a node whose store is in a folder, None if in memory."""
        self._node = node
        self._folder = folder
        self._clock = clock
        self._lock = Lock()
        self._latest: tuple[float, Figures] | None = None
        self._level_at = clock()
        self._seen = node.states.head().number

    def read(self) -> Figures:
        """The figures now.

        Raises:
            OutsideError: a store fails.
        """
        with self._lock:
            now = self._clock()
            if self._latest is None or now - self._latest[0] >= METRICS_SECONDS:
                self._latest = (now, self._read(now))
            return self._latest[1]

    def _read(self, now: float) -> Figures:
        # The states first: what comes in between makes the lag larger and not negative.
        followed = self._node.states.head().version
        head = self._node.events.head()
        lag = max(0, head.version - followed)
        if not lag:
            self._level_at = now
        return Figures(head.position, lag, now - self._level_at)

    def add_to(self, meter: Meter) -> None:
        """Let these figures be read with the metrics."""
        states = self._node.states
        meter.read_value(metrics.HEAD, lambda: self.read().position)
        meter.read_value(metrics.LAG, lambda: self.read().lag)
        meter.read_value(metrics.LAG_SECONDS, lambda: self.read().lag_seconds)
        meter.read_by(metrics.STATES, lambda: {(what.value,): states.count(what) for what in Backlog})
        if isinstance(self._node.events, _HasWaiting):
            events = self._node.events
            meter.read_value(metrics.WAITING, lambda: events.waiting)
        meter.read_value(metrics.INTAKE_WAITING, lambda: self._node.intake.waiting)
        if self._folder is not None:
            folder = self._folder
            meter.read_value(metrics.STORE_SIZE, lambda: _size(folder))

    def count_corrections(self, meter: Meter) -> None:
        """Count the moves of tips that have come since this was called last."""
        with self._lock:
            while True:
                changes = self._node.states.changes(self._seen, MAX_STORE_PAGE)
                for change in changes:
                    meter.count(metrics.CORRECTIONS, change.correction.cause.value)
                    self._seen = change.position
                if len(changes) < MAX_STORE_PAGE:
                    return


def page_of(meter: Meter, figures: FigureReader) -> bytes:
    """All metrics, with what is read only now. Takes a while: not for the event loop."""
    try:
        figures.count_corrections(meter)
    except CeramicError as error:
        _LOG.warning("moves of tips can't be counted: %s", error)
    return meter.page()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.iterdir():
        with suppress(OSError):  # a log of SQLite comes and goes
            total += path.stat().st_size
    return total
