"""What can be followed into a node, whatever it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from ceramic_protocol.ports import SourceItem

Place: TypeAlias = Sequence[Any]
"""Where to go on: plain JSON values that mean something to what they are a place of."""

Tell: TypeAlias = Callable[[str], object]


class Parcel(NamedTuple):
    """What was read at once.

    Attributes:
        items: events, and stretches from which none can be read, in order; perhaps none.
        place: behind all of them; None for the beginning.
        is_end: whether all that was there when it was opened has been read.
    """

    items: Sequence[SourceItem]
    place: Place | None
    is_end: bool


class Followed(Protocol):
    """Something that events come from, again and again, each behind what it builds on as far as that goes.

    Belongs to one thread.
    """

    def next(self) -> Parcel:
        """What follows the last parcel; waits a moment if there is nothing.

        Whether the place is still good is looked at before: what isn't there any more as it was is read
        again from where it can be, and that is told.

        Raises:
            NodeUnreachableError: it can't be reached now; the same may be asked again later.
            KafkaUnreachableError: likewise.
            SchemasUnreachableError: likewise.
            CeramicError: it can't be followed any more.
        """
        ...

    def close(self) -> None:
        """End it; twice is as good as once."""
        ...


class Followable(Protocol):
    """Where something is that can be followed, and the way in; can be pickled."""

    @property
    def name(self) -> str:
        """What it is, for messages."""
        ...

    def open(self, place: Place | None, tell: Tell) -> Followed:
        """Follow it; nothing is asked yet.

        Args:
            place: from a parcel, or anything else: what makes no sense is the beginning.
            tell: is told in sentences what had to be read from elsewhere.
        """
        ...
