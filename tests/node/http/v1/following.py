"""Clients that follow feeds: Server-Sent Events as a browser reads them, and WebSockets."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.node.http.v1.making import query_text
from tests.support.node import RunningNode

_SECONDS = 60


@dataclass(frozen=True)
class Event:
    """A message as a browser hands it on: its type, data, and the last id that was seen by then."""

    type: str
    data: Any
    id: str


class EventSource:
    """Reads Server-Sent Events by the rules of the HTML standard."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer
        self.retry: int | None = None
        self.last_id = ""
        self.comments: list[str] = []

    def __iter__(self) -> Iterator[Event]:
        kind, data = "", list[str]()
        for raw in self.answer:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield Event(kind or "message", orjson.loads("\n".join(data)), self.last_id)
                kind, data = "", []
            elif not name:
                self.comments.append(value)
            elif name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "retry":
                self.retry = int(value)

    def until(self, kind: str) -> list[Event]:
        """The messages up to the first of a type, without it."""
        found = list[Event]()
        for event in self:
            if event.type == kind:
                return found
            found.append(event)
        raise AssertionError(f"no {kind}; {len(found)} others")

    def take(self, count: int) -> list[Event]:
        """So many messages."""
        return [event for _, event in zip(range(count), self, strict=False)]


@contextmanager
def following(
    node: RunningNode, path: str, last_id: str | None = None, buffer: int | None = None, **query: Any
) -> Iterator[EventSource]:
    """Follow a feed; with a small buffer, so that little of it is read ahead."""
    parts = urlsplit(node.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    if buffer is not None:
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.sock.settimeout(_SECONDS)
        connection.sock.connect((parts.hostname, parts.port))
    headers = {"Accept": "text/event-stream"} | ({} if last_id is None else {"Last-Event-ID": last_id})
    try:
        connection.request("GET", f"/v1{path}?{query_text(query)}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        yield EventSource(answer)
    finally:
        connection.close()
