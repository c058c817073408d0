"""Which of the events that come from elsewhere a node keeps.

What its own writers hand in is always kept; interests steer what is taken over from others, as they do in
ceramic-one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ceramic_node.wanted.held import HeldEvents
from ceramic_node.wanted.related import RelatedStreams
from ceramic_node.wanted.sorting import Offered, Sorted, Sorting
from ceramic_protocol.store_port import EventReader

__all__ = ["Offered", "Sorted", "WantedEvents"]

_ALL_KEPT: Final = Sorted({}, ())


class WantedEvents:
    """Says which events are wanted; used from one thread.

    Wanted are the streams that an interest covers, all models, and the documents that covered ones refer to,
    as far as these are known. Of an event whose stream's init event isn't there nobody can tell: it isn't
    kept, but held in memory until the init event comes, and shares its fate.
    """

    def __init__(self, events: EventReader, related: RelatedStreams, held: HeldEvents | None = None) -> None:
        """Say what is there already, and what is wanted."""
        self._events: Final = events
        self._related: Final = related
        self._held: Final = HeldEvents() if held is None else held

    @property
    def held(self) -> int:
        """How many events wait in memory."""
        return len(self._held)

    def sort_out(self, batch: Sequence[Offered]) -> Sorted:
        """What is to be kept of a batch that is about to be put into the store.

        Raises:
            OutsideError: the store fails.
        """
        if not len(self._held) and not any(offered.is_filtered for offered in batch):
            return _ALL_KEPT
        self._related.read_on()
        return Sorting(self._events, self._related, self._held, batch).sort_out()
