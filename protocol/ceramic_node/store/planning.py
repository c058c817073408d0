"""What a batch does to a store, worked out before anything is changed; the same for all backends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from ceramic_node.store.delivery import plan_delivery
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import NewEvent, PutOutcome, StreamFacts, better_report, is_init


class Kept(Protocol):
    """What planning asks of a store. All answers are of the same moment."""

    def report(self, cid: Cid) -> CheckedEvent | None:
        """What is known of an event; None if it isn't there."""
        ...

    def delivered_in(self, cid: Cid) -> Cid | None:
        """The stream of an event that was delivered; None for any other event."""
        ...

    def waiting_for(self, cid: Cid) -> Iterable[CheckedEvent]:
        """The events that wait and have this one as prev, in any order that lasts."""
        ...

    def is_pruned(self, cid: Cid) -> bool:
        """Whether an event is there without its bytes."""
        ...

    def room(self) -> int:
        """How many events more may wait."""
        ...


class BatchPlan(NamedTuple):
    """What to do, in this order.

    Attributes:
        outcomes: what becomes of each event of the batch.
        kept: events to be added, in the order of the batch.
        better: events that are there, and what takes the place of copy and report.
        placed: events to be delivered, of the batch or waiting until now, and the streams they belong to.
        facts: what init events among `kept` fix for their streams.
    """

    outcomes: list[PutOutcome]
    kept: dict[Cid, NewEvent]
    better: dict[Cid, NewEvent]
    placed: dict[Cid, Cid]
    facts: dict[Cid, StreamFacts]


def plan_batch(events: Sequence[NewEvent], store: Kept) -> BatchPlan:
    """What a batch does to a store.

    Raises:
        StoreCorruption: what was said to be an init event is none.
    """
    outcomes, fresh, better = _sort_out(events, store)
    reports = [event.checked for event in fresh.values()]
    facts = {
        event.checked.cid: event.facts or StreamFacts.of(event.checked)
        for event in fresh.values()
        if is_init(event.checked)
    }
    placed = plan_delivery(reports, store.delivered_in, store.waiting_for)
    waiting = [cid for cid in fresh if cid not in placed]
    served = sum(1 for cid in placed if cid not in fresh)
    refused = set(waiting[max(0, store.room() + served) :])
    for index, event in enumerate(events):
        if event.checked.cid in refused:
            outcomes[index] = PutOutcome.NO_ROOM
    kept = {cid: event for cid, event in fresh.items() if cid not in refused}
    return BatchPlan(outcomes, kept, better, placed, facts)


def _sort_out(
    events: Sequence[NewEvent], store: Kept
) -> tuple[list[PutOutcome], dict[Cid, NewEvent], dict[Cid, NewEvent]]:
    outcomes = []
    fresh: dict[Cid, NewEvent] = {}
    better: dict[Cid, NewEvent] = {}
    for event in events:
        cid = event.checked.cid
        before = fresh.get(cid) or better.get(cid)
        known = store.report(cid) if before is None else before.checked
        if known is None:
            fresh[cid] = event
            outcomes.append(PutOutcome.NEW)
            continue
        best = better_report(known, event.checked)
        if best is None and before is None and store.is_pruned(cid) and _is_as_good(event.checked, known):
            best = known
        if best is not None:
            (fresh if cid in fresh else better)[cid] = NewEvent(event.car, best)
        outcomes.append(PutOutcome.KNOWN if best is None else PutOutcome.BETTER)
    return outcomes, fresh, better


def _is_as_good(copy: CheckedEvent, known: CheckedEvent) -> bool:
    """Whether the bytes that a report is on bear out what is known."""
    return better_report(copy, known) is None
