"""A node as a service in this process, in an event loop of its own, and bare connections to it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ceramic_connectors.config import load
from ceramic_node.config import NODE
from ceramic_node.operation.service import Service

_T = TypeVar("_T")
SECONDS = 60.0


@dataclass
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Why it was refused."""
        code: str = self.value["code"]
        return code


def ask(
    url: str,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask a server on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, dict(answer.headers), answer.read())
    finally:
        connection.close()


@dataclass
class Running:
    """A running node."""

    service: Service
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return self.service.url

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the node's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def do(self, action: Callable[[], _T]) -> _T:
        """The same for a plain function."""

        async def work() -> _T:
            return action()

        return self.call(work())

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """Ask on a connection of its own. Names of headers have underscores."""
        return self.ask_with(
            path, {name.replace("_", "-"): value for name, value in headers.items()}, method, body
        )

    def ask_with(
        self, path: str, headers: Mapping[str, str], method: str = "GET", body: bytes | None = None
    ) -> Reply:
        """The same with headers as they are."""
        return ask(self.url, path, method, body, headers)

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        """A bare connection."""
        with socket.create_connection(self.address, timeout=SECONDS) as sock:
            yield Wire(sock)

    def tell(self, *pieces: bytes) -> bytes:
        """Send bytes, and all that comes back until the node closes."""
        with self.wire() as wire:
            for piece in pieces:
                wire.send(piece)
            return wire.rest()

    def metrics(self) -> dict[str, float]:
        """All samples, by name and labels as they are written."""
        url = self.service.metrics_url
        assert url is not None
        text = ask(url.removesuffix("/metrics"), "/metrics").body.decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}


class Wire:
    """A bare connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, data: bytes) -> bool:
        """Send; False if the other side doesn't want it."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def rest(self, most: int = 1 << 24) -> bytes:
        """What comes until the other side closes."""
        found = bytearray()
        while len(found) < most:
            try:
                piece = self.sock.recv(65_536)
            except ConnectionResetError:
                break
            if not piece:
                break
            found += piece
        return bytes(found)

    def is_closed_within(self, seconds: float) -> bool:
        """Whether the other side closes in time."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65_536):
                pass
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        return True


@contextmanager
def running(
    prepare: Callable[[Service], object] = lambda _service: None, /, **flags: str | Sequence[str]
) -> Iterator[Running]:
    """A node in memory at a free port, with settings as on the command line."""
    given: dict[str, str | Sequence[str] | None] = {
        "network": "inmemory",
        "bind": "127.0.0.1:0",
        "metrics": "127.0.0.1:0",
        "stop_seconds": "2",
        **flags,
    }
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> Service:
        service = Service(load(NODE, given).config)
        prepare(service)
        await service.start()
        return service

    try:
        service = asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS)
        try:
            yield Running(service, loop)
        finally:
            asyncio.run_coroutine_threadsafe(service.stop(), loop).result(SECONDS)
    finally:
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
