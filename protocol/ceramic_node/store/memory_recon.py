"""The keys of Recon in memory, added up each time: to show what the port means."""

from __future__ import annotations

from bisect import bisect_left
from threading import Lock

from ceramic_node.store.offers import is_offered, prefix_of
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.networks import Network
from ceramic_protocol.recon_port import RangeHash, cuts, range_hash_of
from ceramic_protocol.store_port import check_limit
from ceramic_protocol.stored import StreamFacts


class MemoryReconKeys:
    """`ReconKeys` as a sorted list. Time goes by how many keys there are, not by the logarithm."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: list[EventId] = []

    def keep(self, facts: StreamFacts, event: CheckedEvent, network: Network) -> None:
        """Have the key of a delivered event, or have it no longer, as its report says."""
        prefix = prefix_of(facts, network)
        if prefix is None:
            return
        key = EventId(prefix + event.cid)
        if is_offered(event.reason):
            self.add(key)
        else:
            self.discard(key)

    def add(self, key: EventId) -> None:
        """Add a key, unless it is there."""
        with self._lock:
            index = bisect_left(self._keys, key)
            if self._keys[index : index + 1] != [key]:
                self._keys.insert(index, key)

    def discard(self, key: EventId) -> None:
        """Take a key away, if it is there."""
        with self._lock:
            index = bisect_left(self._keys, key)
            if self._keys[index : index + 1] == [key]:
                del self._keys[index]

    def range_hash(self, start: bytes, end: bytes) -> RangeHash:
        """See `ReconKeys`."""
        return range_hash_of(self._within(start, end))

    def keys(self, start: bytes, end: bytes, limit: int) -> list[EventId]:
        """See `ReconKeys`."""
        check_limit(limit)
        return self._within(start, end)[:limit]

    def key_at(self, start: bytes, end: bytes, index: int) -> EventId | None:
        """See `ReconKeys`."""
        found = self._within(start, end)
        return found[index] if 0 <= index < len(found) else None

    def split(self, start: bytes, end: bytes, parts: int) -> list[EventId]:
        """See `ReconKeys`."""
        check_limit(parts)
        found = self._within(start, end)
        return [found[index] for index in cuts(len(found), parts)]

    def _within(self, start: bytes, end: bytes) -> list[EventId]:
        with self._lock:
            return self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
