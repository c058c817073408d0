"""The events of a store in memory that wait for others."""

from __future__ import annotations

from collections.abc import Iterable

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid


class WaitingRoom:
    """Events by the prev that they wait for."""

    def __init__(self) -> None:
        self._by_prev: dict[Cid, dict[Cid, CheckedEvent]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, event: CheckedEvent) -> None:
        """Let an event wait. The report on it may be an older one than the store has by now."""
        if event.prev is not None:
            waiting = self._by_prev.setdefault(event.prev, {})
            self._count += event.cid not in waiting
            waiting[event.cid] = event

    def discard(self, event: CheckedEvent) -> None:
        """Let an event go, if it waits."""
        waiting = {} if event.prev is None else self._by_prev.get(event.prev, {})
        if waiting.pop(event.cid, None) is not None:
            self._count -= 1
            if not waiting and event.prev is not None:
                del self._by_prev[event.prev]

    def waiting_for(self, prev: Cid) -> Iterable[CheckedEvent]:
        """The events that wait for this one."""
        return self._by_prev.get(prev, {}).values()
