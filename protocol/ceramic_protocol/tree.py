"""The tree that the events of a stream form through `prev`, whatever they are worth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid


def children_of(events: Mapping[Cid, CheckedEvent]) -> dict[Cid, list[Cid]]:
    """The events that build on an event, known or not, by its CID and in the order of theirs."""
    children: dict[Cid, list[Cid]] = {}
    for cid in sorted(events):
        prev = events[cid].prev
        if prev is not None:
            children.setdefault(prev, []).append(cid)
    return children


def parents_first(
    init: Cid, events: Mapping[Cid, CheckedEvent], children: Mapping[Cid, Sequence[Cid]]
) -> list[Cid]:
    """All events: the init event, those whose prev is not there by CID, then level by level."""
    orphans = [cid for cid, event in events.items() if event.prev and event.prev not in events]
    order: list[Cid] = []
    queue = deque([init, *sorted(orphans)])
    while queue:
        cid = queue.popleft()
        order.append(cid)
        queue.extend(children.get(cid, ()))
    return order


class LowestBelow:
    """For every event the lowest of the marks on it and on all that builds on it; grows by single events.

    With block times as marks it is the earliest anchor that covers an event.
    """

    def __init__(self) -> None:
        self.lowest: dict[Cid, int] = {}

    @classmethod
    def of(
        cls, order: Iterable[Cid], events: Mapping[Cid, CheckedEvent], marks: Mapping[Cid, int]
    ) -> LowestBelow:
        """Of many events at once: `order` has them with children before parents."""
        made = cls()
        if not marks:
            return made
        made.lowest.update(marks)
        for cid in order:
            mark, prev = made.lowest.get(cid), events[cid].prev
            if mark is not None and prev is not None:
                made.lowest[prev] = min(mark, made.lowest.get(prev, mark))
        return made

    def add(
        self,
        event: CheckedEvent,
        mark: int | None,
        events: Mapping[Cid, CheckedEvent],
        children: Iterable[Cid] = (),
    ) -> list[Cid]:
        """Take an event in, with its own mark if it has one; gives the known events whose lowest it changes.

        Args:
            event: the event.
            mark: its own, or None.
            events: those that are known.
            children: those of them that build on it.
        """
        below = [self.lowest[child] for child in children if child in self.lowest]
        marks = below if mark is None else [*below, mark]
        changed: list[Cid] = []
        if not marks:
            return changed
        lowest, at = min(marks), event
        self.lowest[event.cid] = lowest
        while at.prev is not None and at.prev in events and lowest < self.lowest.get(at.prev, lowest + 1):
            at = events[at.prev]
            self.lowest[at.cid] = lowest
            changed.append(at.cid)
        return changed
