"""The HTTP listeners of a node."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import web

from ceramic_connectors.config.values import Address
from ceramic_connectors.outside import outside
from ceramic_node.config.node import NodeConfig
from ceramic_node.http.connections import ConnectionLimits, Connections, listen
from ceramic_protocol.limits import TLS_SECONDS

_AFTERWARDS: Final = 0.5
"""Seconds for what goes on after `drain`: subscriptions that were told to end, and what isn't waited for."""

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared, not listened at


def limits_of(config: NodeConfig) -> ConnectionLimits:
    """What a configuration says of connections."""
    return ConnectionLimits(
        config.max_connections, config.max_address_connections, config.limit_loopback, config.idle_seconds
    )


class Door:
    """An application that is listened for at an address."""

    def __init__(
        self,
        app: web.Application,
        connections: Connections,
        stop_seconds: float,
        drain: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        """Take an application.

        Args:
            app: what is served.
            connections: to this door.
            stop_seconds: how long requests may go on when the door is closed.
            drain: waits until none is under way, but not longer than it is told.
        """
        self._runner = web.AppRunner(app, shutdown_timeout=_AFTERWARDS)
        self._connections = connections
        self._drain = drain
        self._stop_seconds = stop_seconds
        self._server: asyncio.Server | None = None
        self._scheme = "http"

    async def open(self, address: Address, tls: ssl.SSLContext | None = None) -> None:
        """Begin to listen.

        Raises:
            OutsideError: the address can't be had.
        """
        await self._runner.setup()
        self._scheme = "http" if tls is None else "https"
        host, port = address
        with outside(f"listen at {address}"):
            self._server = await listen(
                self._runner, self._connections, host, port, tls=tls, tls_seconds=TLS_SECONDS
            )

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        sockets: Sequence[object] = () if self._server is None else self._server.sockets
        if not sockets or self._server is None:
            return ""
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{self._scheme}://{Address(_ANY.get(host, host), port)}"

    async def close(self) -> None:
        """Take no more connections, and end those that there are when their requests are done."""
        if self._server is not None:
            self._server.close()
        if self._drain is not None:
            # First of all, as aiohttp takes nothing more of bodies that are on their way once it stops.
            await self._drain(self._stop_seconds)
        await self._runner.cleanup()
        await self._connections.end()
