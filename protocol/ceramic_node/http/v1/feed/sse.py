"""Following a feed by Server-Sent Events (WHATWG HTML, section 9.2).

Entries are messages, so `onmessage` gets them; their id is the token to go on with, which browsers send by
themselves (`Last-Event-ID`) when they connect again. What else there is to say are events with names: `live`,
`lagging`, `stopping`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiohttp import hdrs, web

from ceramic_node.http.v1.feed.consumers import Consumers, bound_buffer, emptied
from ceramic_node.http.v1.feed.following import Following, News, Told
from ceramic_node.http.v1.feed.pieces import pieces_of
from ceramic_node.http.v1.feed.source import Item
from ceramic_node.http.v1.json_text import dumps
from ceramic_protocol.limits import (
    PUSH_LINGER_SECONDS,
    PUSH_RETRY_MILLIS,
    PUSH_STALL_SECONDS,
)

EVENT_STREAM: Final = "text/event-stream"
_HEADERS: Final = {
    hdrs.CONTENT_TYPE: EVENT_STREAM,
    hdrs.CACHE_CONTROL: "no-store",
    # Proxies keep what comes until there is more of it, unless they are told not to.
    "X-Accel-Buffering": "no",
}


class Stalled(Exception):
    """The client took nothing for too long."""


async def serve_events(request: web.Request, following: Following) -> web.StreamResponse:
    """Send what one follows until the client leaves, or is too slow, or the node ends."""
    response = web.StreamResponse(headers=_HEADERS)
    with following.consumers.one_more(request):
        await response.prepare(request)
        bound_buffer(request)
        # A client that leaves is no fault; there is nobody left to tell.
        with suppress(ConnectionError):
            await _Stream(request, response, following.source.token_start, following.consumers).send(
                following
            )
    return response


class _Stream:
    """The answer to one who follows."""

    def __init__(
        self, request: web.Request, response: web.StreamResponse, token_start: str, consumers: Consumers
    ) -> None:
        self._request = request
        self._response = response
        self._token_start = token_start
        self._consumers = consumers
        self._sent_to = 0

    async def send(self, following: Following) -> None:
        self._sent_to = following.after
        try:
            await self._write(b"retry: %d\n\n" % PUSH_RETRY_MILLIS)
            async for told in following.told():
                await self._tell(told)
        except Stalled:
            await self._send_away()

    async def _tell(self, told: Told) -> None:
        if told.news is News.ITEMS:
            for piece in pieces_of(told.items):
                # What is written stays in order, so once it is, all of it comes before the next words.
                self._sent_to = piece[-1].position
                await self._write(self._messages(piece))
            self._sent_to = told.after
        elif told.news is News.QUIET:
            # The id alone makes no message, but is what a browser goes on with.
            await self._write(b": quiet\nid: %b\n\n" % self._token(told.after))
        else:
            await self._write(self._named(told.news.name.lower(), {}, told.after))

    def _messages(self, items: Sequence[Item]) -> bytes:
        start = b"id: " + self._token_start.encode()
        parts: list[bytes] = []
        for position, form in items:
            parts += (start, str(position).encode(), b"\ndata: ", form, b"\n\n")
        return b"".join(parts)

    def _named(self, name: str, members: dict[str, str], after: int) -> bytes:
        token = self._token(after)
        data = dumps({**members, "resume": token.decode()})
        return b"event: %b\nid: %b\ndata: %b\n\n" % (name.encode(), token, data)

    def _token(self, position: int) -> bytes:
        return f"{self._token_start}{position}".encode()

    async def _write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(PUSH_STALL_SECONDS):
                await self._response.write(data)
        except TimeoutError:
            raise Stalled from None

    async def _send_away(self) -> None:
        """Say where to go on, behind all that was written, and end the connection."""
        self._consumers.lagging += 1
        words = {"code": "lagging", "detail": f"nothing was taken for {PUSH_STALL_SECONDS:g} s"}
        with suppress(TimeoutError):
            async with asyncio.timeout(PUSH_LINGER_SECONDS):
                await self._response.write(self._named("lagging", words, self._sent_to))
                await self._response.write_eof()
                await emptied(self._request)
        if self._request.transport is not None:
            self._request.transport.abort()
