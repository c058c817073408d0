"""The streams that a node is to hold: those that its settings name, and those that it was asked to hold.

Without interests in its settings a node holds everything, whatever is registered with it: nobody who may
write to it can make it forget what others rely on by being interested in something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ceramic_node.config.values import Interest, InterestKind
from ceramic_node.store.offers import prefix_of
from ceramic_protocol import interests
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.interests import INDEFINITE
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Clock
from ceramic_protocol.stored import StreamFacts

_SECOND: Final = 1000
_BEHIND: Final = b"\xff"


class Wish:
    """Says which streams interests cover. For several threads.

    Attributes:
        is_everything: whether all streams are wanted.
    """

    def __init__(
        self,
        named: Sequence[Interest],
        registered: Callable[[], Iterable[interests.Interest]],
        network: Network,
        clock: Clock,
    ) -> None:
        """Say what is wanted.

        Args:
            named: interests from the settings; none for everything.
            registered: gives those that were registered since, with ranges of EventIDs.
            network: the node's network, which is part of an EventID.
            clock: tells which of them have expired.
        """
        self.is_everything: Final = not named
        self._models: Final = {StreamId.parse(i.name) for i in named if i.kind is InterestKind.MODEL}
        self._streams: Final = {StreamId.parse(i.name).cid for i in named if i.kind is InterestKind.STREAM}
        self._controllers: Final = {i.name for i in named if i.kind is InterestKind.CONTROLLER}
        self._registered: Final = registered
        self._network: Final = network
        self._clock: Final = clock
        self._ranges: frozenset[tuple[bytes, bytes]] = frozenset()

    def refresh(self) -> frozenset[tuple[bytes, bytes]]:
        """Read again what was registered; gives the ranges that count now.

        Raises:
            OutsideError: the store fails.
            StoreCorruption: an interest makes no sense.
        """
        if not self.is_everything:
            now = self._clock.now() // _SECOND
            parts = (interest.parts for interest in self._registered())
            self._ranges = frozenset(
                part.range
                for part in parts
                if part is not None and part.range is not None and _counts(part.not_after, now)
            )
        return self._ranges

    def covers(self, facts: StreamFacts) -> bool:
        """Whether an interest covers a stream."""
        return (
            self.is_everything
            or facts.stream in self._streams
            or facts.model in self._models
            or facts.controller in self._controllers
            or self._is_in_range(facts)
        )

    def names(self, stream: Cid) -> bool:
        """Whether a stream is wanted whatever its init event says."""
        return self.is_everything or stream in self._streams

    def _is_in_range(self, facts: StreamFacts) -> bool:
        if not self._ranges:
            return False
        prefix = prefix_of(facts, self._network)
        # Part of a stream can't be held without the rest.
        return prefix is not None and any(
            start <= prefix + _BEHIND and prefix < end for start, end in self._ranges
        )


def is_needed_by_all(facts: StreamFacts) -> bool:
    """Whether a stream is one that others can't be judged without: a model, an interface among them."""
    return facts.stream_id.stream_type == MODEL


def _counts(not_after: int | None, now: int) -> bool:
    """Whether an interest counts at a unix second."""
    return not_after in {None, INDEFINITE} or not_after >= now
