"""Tokens to go on with: a place in a feed or list, and whose it is.

They are told as opaque, so that their form may change. A place means something only in the store that it is
from: positions of another one, or of this one before it was restored from a copy, name other events.
"""

from __future__ import annotations

import re
import secrets
from enum import Enum
from typing import Final, NamedTuple, Protocol, runtime_checkable

from ceramic_node.http.v1.api.kinds import BadValue, Kind
from ceramic_node.http.v1.problems import TOKEN_AHEAD, TOKEN_FOREIGN, TOKEN_MALFORMED, Problem
from ceramic_node.node import Node

_PATTERN: Final = r"^[fcs]-[0-9a-f]{1,40}-[0-9]{1,18}$"
_TEXT: Final = re.compile(_PATTERN, re.ASCII)
_EPOCH_BYTES: Final = 6


class Feed(Enum):
    """What a token is a place in; the value is its first letter."""

    EVENTS = "f"
    CHANGES = "c"
    STREAMS = "s"


class Token(NamedTuple):
    """A place behind which one goes on."""

    feed: str
    epoch: str
    position: int

    def __str__(self) -> str:
        """As it is told."""
        return f"{self.feed}-{self.epoch}-{self.position}"


def _parse(text: str) -> Token:
    if _TEXT.fullmatch(text) is None:
        raise BadValue("that is no token of this node")
    feed, epoch, position = text.split("-")
    return Token(feed, epoch, int(position))


TOKEN: Final = Kind(_parse, {"type": "string", "pattern": _PATTERN})


@runtime_checkable
class HasEpoch(Protocol):
    """A store that says which one it is."""

    @property
    def epoch(self) -> str:
        """Hex digits, made at random with the store and whenever it is restored from a copy."""
        ...


class Epochs:
    """Which stores a node has. One that doesn't say which it is, is another one after each start."""

    def __init__(self, node: Node) -> None:
        self._node = node
        store = node.events
        self._events: Final = store.epoch if isinstance(store, HasEpoch) else secrets.token_hex(_EPOCH_BYTES)

    async def of(self, feed: Feed) -> str:
        """The epoch of a feed: that of the store behind it."""
        if feed is Feed.CHANGES:
            return (await self._node.read(self._node.states.head)).generation
        return self._events

    async def token(self, feed: Feed, position: int) -> Token:
        """The token of a place."""
        return Token(feed.value, await self.of(feed), position)

    async def place(self, feed: Feed, token: Token, head: int) -> int:
        """The place that a token names.

        Args:
            feed: where it is to be used.
            token: what was given.
            head: the last place that there is.

        Raises:
            Problem: it is of another feed or store, or ahead of the head.
        """
        if token.feed != feed.value:
            raise Problem(TOKEN_MALFORMED, "that token is of another feed or list of this node")
        if token.epoch != await self.of(feed):
            raise Problem(TOKEN_FOREIGN, f"{TOKEN_FOREIGN.summary}: begin anew, or by time with `since`")
        if token.position > head:
            raise Problem(TOKEN_AHEAD, f"{TOKEN_AHEAD.summary}: begin anew, or by time with `since`")
        return token.position
