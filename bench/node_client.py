"""A load client for a node: keep-alive connections that write requests made beforehand, and little else.

A client library would cost more per request than the node does, and be what is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter, process_time

_HEAD_END = b"\r\n\r\n"
_READ_LIMIT = 1 << 26
_LENGTH = b"content-length:"


def post(path: str, body: bytes, content_type: str = "application/json") -> bytes:
    """The bytes of a POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str) -> bytes:
    """The bytes of a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


class Connection:
    """One connection on which requests follow each other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(_HEAD_END)
        status, length = int(head[9:12]), 0
        place = head.lower().find(_LENGTH)
        if place >= 0:
            length = int(head[place + len(_LENGTH) : head.index(b"\r", place)])
        return status, await self._reader.readexactly(length)

    def close(self) -> None:
        """End it."""
        self._writer.close()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A connection to a node of this machine."""
    connection = Connection(*await asyncio.open_connection("127.0.0.1", port, limit=_READ_LIMIT))
    try:
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Sent:
    """What it took to send requests and have their answers: seconds, and those of the client's CPU."""

    seconds: float
    cpu_seconds: float


async def send_all(
    port: int, requests: Sequence[bytes], connections: int, check: Callable[[int, bytes], object]
) -> Sent:
    """Send requests over so many connections, each waiting for its answers.

    Args:
        port: of the node.
        requests: made beforehand.
        connections: which are opened beforehand.
        check: is given status and body of each answer, and raises if they are wrong.
    """
    places = iter(requests)

    async def work(connection: Connection) -> None:
        for request in places:
            check(*await connection.ask(request))

    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connected(port)) for _ in range(connections)]
        started, cpu = perf_counter(), process_time()
        await asyncio.gather(*map(work, opened))
        return Sent(perf_counter() - started, process_time() - cpu)
