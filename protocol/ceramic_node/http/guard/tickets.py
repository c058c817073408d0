"""Tickets for browsers, whose `EventSource` and `WebSocket` can't send a token in a header.

A ticket stands in the address, where logs may keep it; so it opens one feed, once, and soon. It counts as the
token with which it was asked for: what ends with that token ends with it too.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias

from aiohttp import web

from ceramic_connectors.watching.secrets import TICKET_PREFIX
from ceramic_node.http.guard.tokens import Token, digest_of
from ceramic_protocol.limits import MAX_TOKEN_TICKETS, TICKET_SECONDS

TICKET_ROUTES: Final = frozenset(
    {f"/v1/{feed}/{way}" for feed in ("feed", "states/feed") for way in ("stream", "ws")}
)
"""What a ticket opens."""

PARAMETER: Final = "ticket"
"""Where it stands in a query."""

_BYTES: Final = 32

_Book: TypeAlias = OrderedDict[bytes, float]
"""When each ends, by its hash; the oldest first."""


class Tickets:
    """The tickets that haven't been used."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock that tells seconds."""
        self._clock: Final = clock
        self._owners: Final[dict[bytes, Token | None]] = {}
        self._ends: Final[dict[Token | None, _Book]] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def issue(self, token: Token | None) -> str:
        """A new ticket in place of a token; None where everybody may read.

        Each token has at most `MAX_TOKEN_TICKETS`: the oldest one makes room.
        """
        self._forget_old()
        ticket = TICKET_PREFIX + secrets.token_urlsafe(_BYTES)
        book = self._ends.setdefault(token, OrderedDict())
        if len(book) >= MAX_TOKEN_TICKETS:
            self._drop(next(iter(book)))
        digest = digest_of(ticket)
        book[digest] = self._clock() + TICKET_SECONDS
        self._owners[digest] = token
        return ticket

    def redeem(self, ticket: str) -> tuple[Token | None] | None:
        """The token that a ticket stands for, as the only member; None if there is no such ticket any more.

        It doesn't count again, whatever comes of this.
        """
        digest = digest_of(ticket)
        if digest not in self._owners:
            return None
        token = self._owners[digest]
        is_late = self._ends[token][digest] <= self._clock()
        self._drop(digest)
        return None if is_late else (token,)

    def _drop(self, digest: bytes) -> None:
        token = self._owners.pop(digest)
        book = self._ends[token]
        del book[digest]
        if not book:
            del self._ends[token]

    def _forget_old(self) -> None:
        now = self._clock()
        late = [digest for book in self._ends.values() for digest, end in book.items() if end <= now]
        for digest in late:
            self._drop(digest)


TICKETS: Final = web.AppKey("tickets", Tickets)
TOKEN: Final = web.RequestKey("token", Token)
"""The token that a request came with; it isn't there where none is needed."""
