"""A web server on this machine that answers as a test wants it to, however badly."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ceramic_connectors.jsonrpc import JsonRpcClient


@dataclass
class Web:
    """A running server and what it was asked."""

    url: str
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


class Exchange(BaseHTTPRequestHandler):
    """One request; `body` is what was posted, `web` the server it came to."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    web: Web
    body: bytes

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer. Header names have underscores."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def result(self, value: Any) -> None:
        """A result in the form of JSON-RPC."""
        self.rpc(result=value)

    def rpc(self, **members: Any) -> None:
        """An answer in the form of JSON-RPC."""
        number = json.loads(self.body)["id"]
        self.reply(200, json.dumps({"jsonrpc": "2.0", "id": number, **members}).encode())

    def raw(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Bytes that needn't be HTTP, and the end of the connection."""
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)
            self.web.stopped.wait(pause)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Be quiet."""


Answer = Callable[[Exchange], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that the end waits for them

    def handle_error(self, request: object, client_address: object) -> None:
        """Be quiet: clients that leave are expected."""


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server that answers each GET and POST so."""

    class Handler(Exchange):
        def setup(self) -> None:
            super().setup()
            self.web = web
            web.sockets.append(self.connection)

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            web.paths.append(self.path)
            web.bodies.append(self.body)
            web.headers.append(dict(self.headers))
            with suppress(ConnectionError):
                answer(self)

    server = _Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    web = Web(f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.stopped.set()
        server.shutdown()
        for connection in web.sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join()


def closed_port() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def client(url: str, timeout: float = 30.0) -> closing[JsonRpcClient]:
    """A client that doesn't wait long between its attempts."""
    return closing(JsonRpcClient(url, timeout, backoff=0.01))


def echo(exchange: Exchange) -> None:
    """Answer with what was sent along."""
    exchange.result(json.loads(exchange.body)["params"])
