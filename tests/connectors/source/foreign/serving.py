"""Servers that look like a ceramic-one: a node of ours without its own API, and a small one that may lie."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.multibase import encode


@web.middleware
async def as_ceramic_one(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Hide what only our nodes have."""
    if request.path.startswith("/v1"):
        return web.Response(status=404)
    return await handler(request)


@dataclass
class Told:
    """An event as the server tells it."""

    number: int
    cid: str
    data: str | None


@dataclass
class SmallOne:
    """A ceramic-one that hands numbers out as api.md 6.1 has it, and tells what it is told to.

    Attributes:
        url: where it answers.
        events: in the order of their numbers.
        by_cid: what it answers for one event; None for those of `events`.
        counter: the number that it gives out next.
        network: what it calls its network.
        asked: paths with queries, in order.
        answers: by the beginning of a path, bytes that are sent with a status instead of what is right.
    """

    url: str = ""
    events: list[Told] = field(default_factory=list)
    by_cid: dict[str, str] | None = None
    counter: int = 1
    network: str = "inmemory"
    asked: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def add(self, *events: BuiltEvent) -> None:
        """Take events in."""
        for event in events:
            self.tell(str(event.cid), encode(event.car, "m"))

    def tell(self, cid: str, data: str | None) -> None:
        """Take in whatever calls itself an event."""
        self.events.append(Told(self.counter, cid, data))
        self.counter += 1

    def burn(self, count: int) -> None:
        """Use numbers up for nothing, as posting what is known does."""
        self.counter += count

    def restart(self) -> None:
        """Forget the numbers that were used up at the end."""
        self.counter = max((event.number for event in self.events), default=0) + 1

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body."""
        self.asked.append(target)
        parts = urlsplit(target)
        for beginning, answer in self.answers.items():
            if parts.path.startswith(beginning):
                return answer
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = self._found(parts.path, query)
        return (404, b"") if found is None else (200, json.dumps(found).encode())

    def _found(self, path: str, query: dict[str, str]) -> Any:
        if path == "/ceramic/version":
            return {"version": "0.58.0"}
        if path == "/ceramic/config/network":
            return {"name": self.network}
        if path == "/ceramic/feed/resumeToken":
            return {"resumeToken": str(self.counter)}
        if path == "/ceramic/feed/events":
            return self._page(int(query["resumeAt"]), int(query["limit"]), query["includeData"] == "full")
        if path.startswith("/ceramic/events/"):
            cid = unquote(path.rpartition("/")[2])
            data = self._by_cid().get(cid)
            return None if data is None else {"id": cid, "data": data}
        return None

    def _by_cid(self) -> dict[str, str]:
        if self.by_cid is not None:
            return self.by_cid
        return {event.cid: event.data for event in self.events if event.data is not None}

    def _page(self, token: int, limit: int, with_data: bool) -> Any:
        found = [event for event in self.events if event.number >= token][:limit]
        rows = [
            {"id": event.cid, **({"data": event.data} if with_data and event.data is not None else {})}
            for event in found
        ]
        return {"events": rows, "resumeToken": str(found[-1].number + 1 if found else token)}


@contextmanager
def small_one(events: Iterable[BuiltEvent] = (), port: int = 0) -> Iterator[SmallOne]:
    """A small server until the block ends."""
    one = SmallOne()
    one.add(*events)

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, body = one.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", port), Answering) as server:
        server.daemon_threads = True
        server.block_on_close = False
        one.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
