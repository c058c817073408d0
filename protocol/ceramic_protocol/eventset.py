"""The events known of one stream, as a value that joins: the accumulator of resolution (consensus.md 1.6).

`merge` is a union with a join per event, so it is commutative, associative and idempotent: order of arrival,
duplicates and partitioning leave no trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.reasons import Outcome, Reason


@dataclass(slots=True)
class EventSet:
    """Checked events of one stream by CID."""

    events: dict[Cid, CheckedEvent] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[CheckedEvent]) -> EventSet:
        """The set of these events."""
        made = cls()
        for event in events:
            made.add(event)
        return made

    def add(self, event: CheckedEvent) -> None:
        """Put one event in; of two reports on the same event the better informed one stays."""
        known = self.events.get(event.cid)
        self.events[event.cid] = event if known is None else min(known, event, key=_knowledge)

    def merge(self, other: EventSet) -> EventSet:
        """The union of both, as a new set."""
        merged = EventSet(dict(self.events))
        for event in other.events.values():
            merged.add(event)
        return merged


def _knowledge(event: CheckedEvent) -> tuple[int, int, str, str, bool, bytes, bool]:
    """Sort key of reports on one event: proven, refused, unknown, and last a copy without its witnesses.

    Of equal ones the one that has its payload is first.
    """
    if event.outcome is Outcome.VALID:
        rank = 0
    elif event.reason is Reason.ANCHOR_WITNESS_MISSING:
        rank = 3
    else:
        rank = 1 if event.outcome is Outcome.REJECTED else 2
    reason = event.reason.value if event.reason else ""
    grant = b"" if event.grant is None else event.grant.to_bytes()
    return rank, event.timestamp or 0, reason, event.detail or "", event.grant is None, grant, event.is_hollow
