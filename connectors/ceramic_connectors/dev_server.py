"""A development chain served as JSON-RPC on this machine, for programs that know no other way."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, Self

from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.dev_methods import answer
from ceramic_connectors.outside import outside
from ceramic_protocol.limits import MAX_DEV_IDLE_SECONDS, MAX_DEV_REQUEST_BYTES

_HOST: Final = "127.0.0.1"
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_POLL_SECONDS: Final = 0.05


class DevChainServer:
    """Serves a chain at `url` until it is closed; a context manager."""

    def __init__(self, chain: DevChain, port: int = 0) -> None:
        """Begin to serve, on a free port unless one is named. Only this machine can reach it.

        Raises:
            OutsideError: the port is taken.
        """
        with outside(f"listen on port {port} of {_HOST}"):
            self._server = _Server(chain, port)
        self.url = f"http://{_HOST}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.close()

    def close(self) -> None:
        """Stop serving, and end what connections there are; a second time does nothing."""
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that `server_close` waits for them

    def __init__(self, chain: DevChain, port: int) -> None:
        self.chain = chain
        self._lock = Lock()
        self._connections: set[socket.socket] = set()
        super().__init__((_HOST, port), _Handler)

    def begin(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def end(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)

    def end_connections(self) -> None:
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may leave whenever they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = MAX_DEV_IDLE_SECONDS
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.begin(self.connection)

    def finish(self) -> None:
        self.server.end(self.connection)
        super().finish()

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length) or int(length) > MAX_DEV_REQUEST_BYTES:
            self.close_connection = True
            self._reply(413, b"")
            return
        self._reply(200, answer(self.server.chain, self.rfile.read(int(length))))

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Be quiet."""
