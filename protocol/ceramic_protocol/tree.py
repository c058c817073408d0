"""The tree that the events of a stream form through `prev`, whatever they are worth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid


def children_of(events: Mapping[Cid, CheckedEvent]) -> dict[Cid, list[Cid]]:
    """The events that build on an event, by its CID and in the order of theirs; a leaf is absent."""
    children: dict[Cid, list[Cid]] = {}
    for cid in sorted(events):
        prev = events[cid].prev
        if prev is not None and prev in events:
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


def covering_anchors(order: Sequence[Cid], events: Mapping[Cid, CheckedEvent]) -> dict[Cid, int]:
    """The earliest proven anchor (unix seconds) at or below each event of `order`, parents first, if any."""
    covering = {cid: stamp for cid in order if (stamp := events[cid].timestamp) is not None}
    for cid in reversed(order):
        stamp, prev = covering.get(cid), events[cid].prev
        if stamp is not None and prev is not None:
            covering[prev] = min(stamp, covering.get(prev, stamp))
    return covering


def ancestors(cids: Iterable[Cid], events: Mapping[Cid, CheckedEvent]) -> set[Cid]:
    """These events and all that they build on, as far as these are known."""
    found: set[Cid] = set()
    for cid in cids:
        at: Cid | None = cid
        while at is not None and at in events and at not in found:
            found.add(at)
            at = events[at].prev
    return found
