"""Names of the counters that the transforms keep, and how to read them after a run.

`<outcome>.<reason>` counts events by verdict, such as `rejected.signature_invalid`; all stand in one
namespace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter

from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.rules import SOON_SECONDS

NAMESPACE: Final = "ceramic"
EVENTS_READ: Final = "events_read"
"""Items of the source: events, and stretches that are damaged."""
DAMAGED: Final = "damaged"
"""Damaged stretches of the source."""
DUPLICATES: Final = "duplicates"
"""Further copies of an event that is there already."""
STREAMS: Final = "streams"
"""Streams with at least one event, valid or not."""
FORKS: Final = "forks"
"""Streams with more than one tip."""
REVERTED: Final = "streams_with_reverted"
"""Streams where resolution left valid events outside the canonical log."""


EXPIRING: Final = "expiring"
"""Un-anchored events under a capability that runs out."""
EXPIRING_SOON: Final = "expiring_soon"
"""Those of them for which it runs out within a week."""
EXPIRES_IN: Final = "expires_in"
"""Distribution of the seconds that are left to those events."""


def count(name: str, amount: int = 1) -> None:
    """Add to a counter."""
    Metrics.counter(NAMESPACE, name).inc(amount)


class Tally:
    """Counts of many events, as Beam takes longer to count one than to judge it."""

    def __init__(self) -> None:
        self._counts = Counter[str]()
        self._verdicts = Counter[Reason | None]()

    def add(self, name: str, amount: int = 1) -> None:
        """Add to a counter."""
        self._counts[name] += amount

    def add_verdict(self, reason: Reason | None) -> None:
        """Count one event by its verdict."""
        self._verdicts[reason] += 1

    def flush(self) -> None:
        """Hand all of it on to Beam."""
        for reason, amount in self._verdicts.items():
            count(verdict_name(reason), amount)
        for name, amount in self._counts.items():
            count(name, amount)
        self._counts.clear()
        self._verdicts.clear()


def verdict_name(reason: Reason | None) -> str:
    """The counter of events with that verdict."""
    return Outcome.VALID.value if reason is None else f"{reason.outcome.value}.{reason.value}"


def note_expiry(seconds: int) -> None:
    """Count an un-anchored event whose capability runs out after so many seconds."""
    Metrics.distribution(NAMESPACE, EXPIRES_IN).update(seconds)
    count(EXPIRING)
    if seconds <= SOON_SECONDS:
        count(EXPIRING_SOON)


def read_counters(result: Any) -> Mapping[str, int]:
    """All counters of a finished pipeline by name."""
    found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))
    totals = Counter[str]()
    for counter in found["counters"]:
        # Several steps may keep the same counter, such as a combiner before and after its shuffle.
        totals[counter.key.metric.name] += counter.result
    return totals
