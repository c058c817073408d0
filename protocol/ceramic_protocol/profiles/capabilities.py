"""What a reference makes of capabilities, remembered apart from what others make of them."""

from __future__ import annotations

from collections.abc import Callable

from ceramic_protocol.accounts.capability import Seen
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_CACHED_CAPABILITIES, MAX_CACHED_CAPABILITY_BYTES


class Capabilities:
    """Looks at each capability once, however many events were signed under it."""

    def __init__(self, look: Callable[[bytes], Seen]) -> None:
        """`look` says what there is to say about a block, whoever uses it and when."""
        self._look = look
        self._cache: BoundedCache[Cid, Seen] = BoundedCache(MAX_CACHED_CAPABILITIES)

    def look_at(self, cid: Cid, block: bytes) -> Seen:
        """What there is to say about a capability; the block has been checked against its CID."""
        known = self._cache.get(cid)
        if known is None:
            known = self._look(block)
            if len(block) <= MAX_CACHED_CAPABILITY_BYTES:
                self._cache.put(cid, known)
        return known
