"""Which streams of a store in memory have lost bytes of their events."""

from __future__ import annotations

from ceramic_protocol.cid import Cid


class PrunedStreams:
    """Streams, as in the table `pruned` of a store on disk."""

    def __init__(self) -> None:
        self._events: dict[Cid, int] = {}
        self._versions: dict[Cid, int] = {}
        self._restored: dict[Cid, int] = {}

    def is_pruned(self, stream: Cid) -> bool:
        """Whether events of a stream have lost their bytes."""
        return self._events.get(stream, 0) > 0

    def is_due(self, stream: Cid, version: int, before: int) -> bool:
        """Whether more of it may go: there was something left, and nothing came back since a time."""
        return self._versions.get(stream) != version and self._restored.get(stream, -1) < before

    def gone(self, stream: Cid, events: int, version: int) -> None:
        """So many of its events have lost their bytes, the last one at a version; 0 if some haven't."""
        self._events[stream] = self._events.get(stream, 0) + events
        self._versions[stream] = version

    def restored(self, stream: Cid, now: int) -> None:
        """One of its events has its bytes again."""
        self._events[stream] -= 1
        self._versions[stream] = 0
        self._restored[stream] = now
