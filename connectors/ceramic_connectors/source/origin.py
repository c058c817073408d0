"""Where a source reads: feeds of events and of changes with a place for every entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol


class Feed(StrEnum):
    """What is read, and its name in positions."""

    EVENTS = "events"
    CHANGES = "changes"
    REFUSED = "refused"
    """Of what didn't come into a node that was filled for the source."""


class Place(NamedTuple):
    """A place in a feed.

    Attributes:
        resume: what the origin wants to see to go on there; None for the beginning.
        position: that of the last entry before it that was read; 0 if there is none.
        counter: who counts positions: the epoch of a store of events, or the generation of states.
    """

    resume: str | None
    position: int
    counter: str


class Page(NamedTuple):
    """Entries in order, the place behind all that was looked at for them, and whether the feed ended there.

    Entries are as the node's description has them: `FeedEvent` or `ChangeEvent` (docs/node-api.md).
    """

    entries: Sequence[Mapping[str, Any]]
    place: Place
    is_end: bool


class About(NamedTuple):
    """What an origin says of itself: its network, where its feeds begin, and where they end now."""

    network: str
    begins: Mapping[Feed, Place]
    ends: Mapping[Feed, Place]


class Origin(Protocol):
    """Feeds to read. Belongs to one thread at a time.

    Every call raises `NodeUnreachableError` if it may work later, and `NodeRefusedError` if it won't.
    """

    def about(self) -> About:
        """Network and ends."""
        ...

    def page(self, feed: Feed, after: Place, limit: int, wait: float) -> Page:
        """A page behind a place.

        Args:
            feed: which one.
            after: a place that the origin has told.
            limit: how many entries at most; there may be fewer although there are more.
            wait: how many seconds to wait for the first one, if there is none.

        Raises:
            ForeignPositionError: the place is another counter's.
        """
        ...

    def states(
        self, model: str, resume: str | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        """A page of a model's streams with their states now (`StreamItem`), and what to go on with."""
        ...

    def close(self) -> None:
        """End it; twice is as good as once."""
        ...
