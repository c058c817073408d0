"""Which documents the covered ones refer to: these are wanted too, whoever made them.

They are found in what covered documents say, without asking models which fields are relations: every text
that is the StreamID of a document counts. They are remembered in a filter of fixed size that forgets none,
and now and then takes one for remembered that isn't: then a little more is kept than has to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Final

from ceramic_node.wanted.wish import Wish
from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.ids import MODEL_INSTANCE
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS, MAX_PRUNE_PAGE, MAX_TEXTS_LOOKED_AT, RELATED_BITS
from ceramic_protocol.models.relations import document_id
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StreamFacts

_SLICE: Final = 8
_SHORTEST: Final = 40
"""Characters of the shortest StreamID of a document."""


class RelatedStreams:
    """Documents that covered ones refer to, as far as the feed was read. For several threads.

    Attributes:
        wish: says which are covered.
    """

    def __init__(self, events: EventReader, wish: Wish) -> None:
        self._events: Final = events
        self.wish: Final = wish
        self._bits: Final = bytearray(RELATED_BITS // 8)
        self._lock: Final = Lock()
        self._ranges = wish.refresh()
        self._looked_to = 0

    def __contains__(self, stream: Cid) -> bool:
        """Whether a covered document refers to a stream."""
        return all(self._bits[bit >> 3] & (1 << (bit & 7)) for bit in _bits_of(stream))

    def note(self, facts: StreamFacts, payload: bytes) -> None:
        """Remember what an event of a covered stream refers to."""
        if facts.stream_id.stream_type != MODEL_INSTANCE or not payload:
            return
        for stream in documents_in(payload):
            for bit in _bits_of(stream):
                self._bits[bit >> 3] |= 1 << (bit & 7)

    def read_on(self) -> bool:
        """Read a page of the feed; says whether there may be more of it.

        Raises:
            OutsideError: the store fails.
        """
        with self._lock:
            ranges = self.wish.refresh()
            if not ranges <= self._ranges:
                self._looked_to = 0
            self._ranges = ranges
            page = self._events.feed(self._looked_to, MAX_PRUNE_PAGE)
            for entry in page.entries:
                if self.wish.covers(entry.facts):
                    self.note(entry.facts, entry.checked.payload)
            is_more = page.looked_to > self._looked_to
            self._looked_to = page.looked_to
            return is_more


def documents_in(payload: bytes) -> Iterator[Cid]:
    """The documents whose StreamIDs stand in the payload of an event, as whole texts."""
    try:
        waiting = [dagcbor.decode(payload)]
    except DecodeError:
        return
    left = MAX_TEXTS_LOOKED_AT
    while waiting and left:
        value: IpldValue = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and _SHORTEST <= len(value) <= MAX_IDENTIFIER_CHARS:
            left -= 1
            found = document_id(value)
            if found is not None:
                yield found.cid


def _bits_of(cid: Cid) -> Iterator[int]:
    """Where a stream stands in the filter; hashes are as good as random already."""
    for start in range(0, 4 * _SLICE, _SLICE):
        yield int.from_bytes(cid[-start - _SLICE : len(cid) - start], "big") % RELATED_BITS
