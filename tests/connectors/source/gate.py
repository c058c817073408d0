"""A gate that wants to see a header before it lets a request through to a service behind it."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_SECONDS = 20


@contextmanager
def gate(behind: str, wanted: str) -> Iterator[str]:
    """The address of one on this machine, with the path of the one behind it.

    It repeats what it was shown when it refuses, as careless services do.
    """

    class Gate(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            if given != wanted:
                self._send(401, f'{{"message": "not {given}"}}'.encode())
                return
            parts = urlsplit(behind)
            url = f"{parts.scheme}://{parts.netloc}{self.path}"
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
                self._send(answer.status, answer.read())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{urlsplit(behind).path}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
