"""Those who follow feeds: counted, and told when the node ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from aiohttp import web

from ceramic_node.http.v1.problems import CONSUMERS, STOPPING, Problem
from ceramic_node.node import Node
from ceramic_protocol.limits import (
    MAX_PUSH_CONSUMERS,
    MAX_PUSH_REST_SECONDS,
    PUSH_REST_SECONDS,
    PUSH_SOCKET_BYTES,
)

_LOOK_SECONDS: Final = 0.05


class Consumers:
    """Those who follow feeds of a node; used from one event loop.

    Attributes:
        lagging: how many were sent away so far, as they took too little.
        is_stopping: whether the node is about to end.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._requests: dict[int, web.Request] = {}
        self.lagging = 0
        self.is_stopping = False

    @contextmanager
    def one_more(self, request: web.Request) -> Iterator[None]:
        """Count one in.

        Raises:
            Problem: there are too many, or the node is about to end.
        """
        if self.is_stopping:
            raise Problem(STOPPING, "the node is stopping")
        if self.count >= MAX_PUSH_CONSUMERS:
            raise Problem(CONSUMERS, f"{self.count:,} follow feeds already")
        self._requests[id(request)] = request
        try:
            yield
        finally:
            del self._requests[id(request)]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._requests)

    def waiting(self) -> list[int]:
        """For each of them, how many bytes wait here to be sent."""
        return list(map(_waiting, self._requests.values()))

    @property
    def rest(self) -> float:
        """How long each of them waits for more when something new has come, in seconds.

        The more there are, the more time goes into waking them, and the more is worth sending together.
        """
        return min(self.count * PUSH_REST_SECONDS, MAX_PUSH_REST_SECONDS)

    def stop(self) -> None:
        """Let all of them end."""
        self.is_stopping = True
        self._node.fed.announce()
        self._node.settled.announce()


def bound_buffer(request: web.Request) -> None:
    """Let the system keep only so much that a client doesn't take; by itself it keeps megabytes."""
    connection = None if request.transport is None else request.transport.get_extra_info("socket")
    if connection is not None:
        # A connection that is gone by now is found out about by writing to it.
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PUSH_SOCKET_BYTES)


async def emptied(request: web.Request) -> None:
    """Wait until nothing waits to be sent any more."""
    # Nobody tells when that is so.
    while _waiting(request):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)


def _waiting(request: web.Request) -> int:
    transport = request.transport
    return transport.get_write_buffer_size() if isinstance(transport, asyncio.WriteTransport) else 0
