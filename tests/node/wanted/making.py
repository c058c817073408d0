"""Wishes for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ceramic_node.config.values import Interest
from ceramic_node.wanted.related import RelatedStreams
from ceramic_node.wanted.wish import Wish
from ceramic_protocol import interests
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.store_port import EventReader


@dataclass
class At:
    """A clock that stands still, in unix milliseconds."""

    time: int

    def now(self) -> int:
        return self.time


LATE = At(10**14)
"""Later than anything that is put into a store."""


def wish(*named: object, registered: Iterable[interests.Interest] = (), clock: At = LATE) -> Wish:
    """Interests as they are written in settings, and registered ones."""
    kept = list(registered)
    return Wish([Interest.parse(str(one)) for one in named], lambda: kept, IN_MEMORY, clock)


def related(events: EventReader, *named: object) -> RelatedStreams:
    """The same, with what they refer to."""
    return RelatedStreams(events, wish(*named))
