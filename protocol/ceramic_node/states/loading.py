"""A stream from the store in pieces that can be judged one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.history import Judged
from ceramic_protocol.stored import StreamSnapshot
from ceramic_protocol.tree import children_of, parents_first


def pieces(snapshot: StreamSnapshot, size: int) -> list[list[CheckedEvent]]:
    """All events of a snapshot, parents before children, in lists of at most `size`; at least one list."""
    events = snapshot.events
    if len(events) <= size:
        return [list(events.values())]
    order = dict.fromkeys(parents_first(snapshot.stream, events, children_of(events)))
    found = [events[cid] for cid in order if cid in events]
    return [found[start : start + size] for start in range(0, len(found), size)]


def in_order(items: Iterable[Judged]) -> list[Cid]:
    """Events with parents before children, wherever the init event is known."""
    return [item.event.cid for item in sorted(items, key=_place)]


def _place(item: Judged) -> tuple[int, Cid]:
    return -1 if item.height is None else item.height, item.event.cid


def is_better(event: CheckedEvent, known: Judged | None, stream: Cid) -> bool:
    """Whether an event makes its stream be judged anew: the init event, or more on a known one."""
    return event.cid == stream if known is None else known.event != event


def anchors_of(log: Sequence[Cid], judged: Mapping[Cid, Judged]) -> list[tuple[int, int]]:
    """Height and time of each time event in a log."""
    stamps = ((height, judged[cid].event.timestamp) for height, cid in enumerate(log))
    return [(height, stamp) for height, stamp in stamps if stamp is not None]
