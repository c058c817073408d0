"""Events whose stream isn't known yet, in memory: bounded, and the oldest go first."""

from __future__ import annotations

from collections import OrderedDict

from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_HELD_BYTES, MAX_HELD_EVENTS
from ceramic_protocol.stored import NewEvent


class HeldEvents:
    """Events by the event that they wait for. Not for several threads."""

    def __init__(self, max_events: int = MAX_HELD_EVENTS, max_bytes: int = MAX_HELD_BYTES) -> None:
        """Make an empty one with these limits."""
        self._max = max_events, max_bytes
        self._events: OrderedDict[Cid, tuple[NewEvent, Cid]] = OrderedDict()
        self._by_awaited: dict[Cid, dict[Cid, None]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._events)

    def add(self, event: NewEvent, awaited: Cid) -> None:
        """Hold an event until another one comes; the oldest ones go if there are too many."""
        self._remove(event.checked.cid)
        self._events[event.checked.cid] = event, awaited
        self._by_awaited.setdefault(awaited, {})[event.checked.cid] = None
        self._bytes += len(event.car)
        max_events, max_bytes = self._max
        while len(self._events) > max_events or self._bytes > max_bytes:
            self._remove(next(iter(self._events)))

    def take(self, awaited: Cid) -> list[NewEvent]:
        """Let those go that wait for an event."""
        cids = list(self._by_awaited.get(awaited, ()))
        return [event for cid in cids if (event := self._remove(cid)) is not None]

    def _remove(self, cid: Cid) -> NewEvent | None:
        found = self._events.pop(cid, None)
        if found is None:
            return None
        event, awaited = found
        waiting = self._by_awaited[awaited]
        del waiting[cid]
        if not waiting:
            del self._by_awaited[awaited]
        self._bytes -= len(event.car)
        return event
