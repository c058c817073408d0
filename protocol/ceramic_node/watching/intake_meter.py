"""Counts and times what a node takes in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from ceramic_node import metrics
from ceramic_node.intake_answers import Answer, MissingPrev
from ceramic_node.metrics import Metric
from ceramic_node.watching.meter import Meter
from ceramic_node.watching.tracing import Tracer
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.reasons import Reason

REFUSED: Final = "refused"
"""The outcome of what wasn't kept."""

NOT_WANTED: Final = "not_wanted"
"""The outcome of what no interest covers."""

_NONE: Final = "none"
_COUNT: Final = "ceramic.events"


class IntakeMeter:
    """An `IntakeWatcher` that counts, times and traces.

    Attributes:
        meter: counts.
        tracer: makes spans.
    """

    def __init__(
        self, meter: Meter, tracer: Tracer, on_corruption: Callable[[StoreCorruption], object]
    ) -> None:
        """Begin; `on_corruption` is told, in any thread, when the store turns out to be broken."""
        self.meter: Final = meter
        self.tracer: Final = tracer
        self._on_corruption = on_corruption

    def batch(self, events: int) -> AbstractContextManager[object]:
        """See `IntakeWatcher`."""
        self.meter.observe(metrics.BATCH, events)
        return self._timed(metrics.KEEP, "batch", events)

    def put(self, events: int) -> AbstractContextManager[object]:
        """See `IntakeWatcher`."""
        return self._timed(metrics.PUT, "put", events)

    def answered(self, answers: Sequence[Answer]) -> None:
        """See `IntakeWatcher`."""
        for answer in answers:
            self.meter.count(metrics.EVENTS, *_labels(answer))

    def overloaded(self) -> None:
        """See `IntakeWatcher`."""
        self.meter.count(metrics.OVERLOADED)

    @contextmanager
    def _timed(self, metric: Metric, name: str, events: int) -> Iterator[None]:
        start = time.perf_counter()
        with self.tracer.span(name, {_COUNT: events}):
            try:
                yield
            except StoreCorruption as error:
                self._on_corruption(error)
                raise
            finally:
                self.meter.observe(metric, time.perf_counter() - start)


def _labels(answer: Answer) -> tuple[str, str]:
    if isinstance(answer, MissingPrev):
        return REFUSED, (Reason.INIT_MISSING if answer.is_init else Reason.PREV_MISSING).value
    if answer.is_unwanted:
        return NOT_WANTED, _NONE
    outcome = REFUSED if answer.outcome is None else answer.outcome.value
    return outcome, _NONE if answer.finding is None else answer.finding.reason.value
