"""What is read by pages or followed: entries in the form in which they are sent, with their places."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ceramic_node.signals import Signal


class Item(NamedTuple):
    """An entry: its place, and its JSON text."""

    position: int
    form: bytes


class Page(NamedTuple):
    """Entries in order, and the place up to which they are all that there was to be found."""

    items: list[Item]
    looked_to: int


class Source(Protocol):
    """A feed as somebody has asked for it."""

    @property
    def signal(self) -> Signal:
        """Announces that there is more."""
        ...

    @property
    def token_start(self) -> str:
        """What stands before the place in a token."""
        ...

    async def page(self, after: int, limit: int) -> Page:
        """The entries behind a place.

        Where few fit, a call looks at a bounded number of them, and the next one goes on from `looked_to`.
        The end is reached, for now, when that is no larger than `after`.
        """
        ...
