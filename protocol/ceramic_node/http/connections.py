"""Connections to a node: how many there may be, and that a client takes what it has asked for."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import LineTooLong

from ceramic_connectors.config.values import is_loopback
from ceramic_node.http.guard.rates import address_key
from ceramic_node.http.guard.refusals import refusal
from ceramic_protocol.limits import (
    ANSWER_SECONDS,
    IDLE_SECONDS,
    LINGER_SECONDS,
    MAX_ADDRESS_CONNECTIONS,
    MAX_CONNECTIONS,
    MAX_HEADER_BYTES,
    MAX_HEADER_LINES,
    MIN_ANSWER_RATE,
)

_LOG: Final = logging.getLogger(__name__)
_OWN: Final = {"Server": "ceramic-streams"}
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


@dataclass(slots=True)
class ConnectionLimits:
    """How many connections there may be, and how slow they; times in seconds."""

    most: int = MAX_CONNECTIONS
    most_of_address: int = MAX_ADDRESS_CONNECTIONS
    limit_loopback: bool = False
    idle_seconds: float = IDLE_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    answer_rate: int = MIN_ANSWER_RATE
    """Bytes a second that a client has to take of what waits to be sent."""


@dataclass(slots=True)
class Connections:
    """The connections that there are.

    Attributes:
        limits: how many there may be.
        on_refused: told the code of each refusal.
    """

    limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    on_refused: Callable[[str], object] = lambda _code: None
    _open: set[asyncio.BaseTransport] = field(default_factory=set)
    _of_address: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._open)

    def enter(self, host: str, transport: asyncio.BaseTransport) -> bool:
        """Count a connection in; False if there is no room for it."""
        key = address_key(host)
        is_limited = self.limits.limit_loopback or not is_loopback(host)
        if self.count >= self.limits.most or (
            is_limited and self._of_address[key] >= self.limits.most_of_address
        ):
            self.on_refused("connections")
            return False
        self._open.add(transport)
        self._of_address[key] += 1
        return True

    def leave(self, host: str, transport: asyncio.BaseTransport) -> None:
        """Count a connection out."""
        key = address_key(host)
        self._open.discard(transport)
        self._of_address[key] -= 1
        if not self._of_address[key]:
            del self._of_address[key]

    async def end(self) -> None:
        """End all of them at once, those that still say goodbye to each other too (TLS)."""
        for transport in list(self._open):
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        # What is aborted is called back in the next round.
        for _ in range(2):
            await asyncio.sleep(0)


class _NoAccessLog(AbstractAccessLogger):
    """Requests are logged by a middleware, with more than is known here."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Nothing."""

    @property
    def enabled(self) -> bool:
        """No."""
        return False


class GuardedHandler(web.RequestHandler):
    """A connection that is counted, and ended if its client takes too little of what waits for it."""

    __slots__ = ("_connections", "_entered", "_host", "_left", "_watch")

    def __init__(self, server: web.Server, connections: Connections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=connections.limits.idle_seconds,
            logger=_LOG,
            access_log=_LOG,
            access_log_class=_NoAccessLog,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADER_LINES,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
        )
        self._connections: Final = connections
        self._host: str | None = None
        self._entered: asyncio.BaseTransport | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, or send it away."""
        peer = transport.get_extra_info("peername")
        host = str(peer[0]) if isinstance(peer, tuple) else ""
        if self._connections.enter(host, transport):
            self._host = host
            self._entered = transport
        elif isinstance(transport, asyncio.Transport):
            transport.write(_FULL)
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count it out."""
        self._stop_watch()
        if self._host is None:
            return
        if self._entered is not None:
            self._connections.leave(self._host, self._entered)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request, without a line in the log: anybody can send as much as they like."""
        if status != HTTPStatus.BAD_REQUEST:
            return super().handle_error(request, status, exc, message)
        if isinstance(exc, LineTooLong):
            self._connections.on_refused("head_too_large")
            text = f"a line of a request's head has at most {MAX_HEADER_BYTES:,} bytes"
            return refusal(431, "head_too_large", text, _OWN, close=True)
        self._connections.on_refused("malformed_request")
        text = "that is no request that HTTP/1.1 knows"
        return refusal(400, "malformed_request", text, _OWN, close=True)

    def data_received(self, data: bytes) -> None:
        """Take what the client sends, unless it has been sent away."""
        if self._host is not None:
            super().data_received(data)

    def pause_writing(self) -> None:
        """More waits to be sent than is good: see to it that it becomes less."""
        super().pause_writing()
        self._start_watch()

    def resume_writing(self) -> None:
        """It has become less."""
        self._stop_watch()
        super().resume_writing()

    def _start_watch(self) -> None:
        self._stop_watch()
        transport = self.transport
        if isinstance(transport, asyncio.Transport):
            self._left = transport.get_write_buffer_size()
            seconds = self._connections.limits.answer_seconds
            self._watch = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        transport, limits = self.transport, self._connections.limits
        if not isinstance(transport, asyncio.Transport):
            return
        taken = self._left - transport.get_write_buffer_size()
        if taken < limits.answer_rate * limits.answer_seconds:
            self._connections.on_refused("answer_too_slow")
            transport.abort()
        else:
            self._start_watch()

    def _stop_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


async def listen(
    runner: web.AppRunner,
    connections: Connections,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    tls_seconds: float,
) -> asyncio.Server:
    """Listen for an application that was set up.

    Raises:
        OSError: the address can't be had.
    """
    server = runner.server
    if server is None:
        raise RuntimeError("the runner has to be set up first")
    return await asyncio.get_running_loop().create_server(
        lambda: GuardedHandler(server, connections),
        host,
        port,
        ssl=tls,
        ssl_handshake_timeout=tls_seconds if tls is not None else None,
        ssl_shutdown_timeout=LINGER_SECONDS if tls is not None else None,
        backlog=1024,
    )
