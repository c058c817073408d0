"""Bodies of requests: read before a handler begins, in bounded time and memory.

Handlers find them by `request.read()`. One that takes its body in pieces says so with `takes_body_in_pieces`;
it has to keep to the limits by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from aiohttp import web

from ceramic_node.http.guard.refusals import refusal
from ceramic_protocol.limits import MIN_BODY_RATE

_MARK: Final = "_takes_body_in_pieces"
_H = TypeVar("_H", bound=Callable[..., object])


def takes_body_in_pieces(handler: _H) -> _H:
    """Mark a handler that reads `request.content`, so that nobody reads it before."""
    setattr(handler, _MARK, True)
    return handler


class Bodies:
    """Reads bodies, and counts what they take together until their requests are done.

    Args:
        most: bytes of one body.
        most_together: bytes of all bodies.
        seconds: for how long a body may bring less than `MIN_BODY_RATE`.
    """

    def __init__(self, most: int, most_together: int, seconds: float) -> None:
        self._most = most
        self._most_together = most_together
        self._seconds = seconds
        self.held = 0

    def refusal(self, request: web.Request) -> web.Response | None:
        """Why a body isn't read, by what its head says of it."""
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding != "identity":
            message = "send the body as it is: compressed ones aren't taken"
            return refusal(415, "encoding_refused", message, {"Accept-Encoding": "identity"}, close=True)
        transfer = request.headers.getall("Transfer-Encoding", ("chunked",))
        if [coding.strip().lower() for coding in transfer] != ["chunked"]:
            message = "bodies are transferred whole or chunked, and in no other way"
            return refusal(501, "encoding_refused", message, close=True)
        length = request.content_length
        return self._too_large() if length is not None and length > self._most else None

    async def read(self, request: web.Request) -> tuple[int, web.Response | None]:
        """Read a body. Whatever becomes of it, `release` what is told.

        Returns:
            The bytes that are now held, and the refusal if there is one.
        """
        if not request.body_exists or getattr(request.match_info.handler, _MARK, False):
            return 0, None
        body = bytearray()
        try:
            answer = await self._read(request, body)
        except TimeoutError:
            answer = refusal(408, "body_too_slow", "the body came too slowly", close=True)
        except BaseException:
            self.release(len(body))
            raise
        if answer is None:
            request._read_bytes = bytes(body)  # noqa: SLF001  # where `request.read` looks first; there is no other
        return len(body), answer

    def release(self, size: int) -> None:
        """So many bytes are no longer held."""
        self.held -= size

    async def _read(self, request: web.Request, body: bytearray) -> web.Response | None:
        if request.content.is_eof():
            # Most bodies are there with the head, and a deadline costs more than to take them.
            return self._take(body, await request.content.readany())
        start = asyncio.get_running_loop().time() + self._seconds
        async with asyncio.timeout_at(start) as timeout:
            while piece := await request.content.readany():
                refused = self._take(body, piece)
                if refused is not None:
                    return refused
                timeout.reschedule(start + len(body) / MIN_BODY_RATE)
        return None

    def _take(self, body: bytearray, piece: bytes) -> web.Response | None:
        """Add a piece to what is held of a body, unless there is no room for it."""
        if len(body) + len(piece) > self._most:
            return self._too_large()
        if self.held + len(piece) > self._most_together:
            message = "too much is being sent at once; try again in a second"
            return refusal(503, "overloaded", message, {"Retry-After": "1"}, close=True)
        body += piece
        self.held += len(piece)
        return None

    def _too_large(self) -> web.Response:
        message = f"a body has at most {self._most:,} bytes"
        return refusal(413, "body_too_large", message, close=True)
