"""Signed events to post to a node: two thirds begin streams, and one third changes streams that are there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Final, NamedTuple

import orjson

from bench.node_client import post
from bench.streams import MadeEvent, change_of, linear, make_stream
from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid

LENGTH: Final = 10
"""Events of a stream that was stored beforehand."""

_EVERY: Final = 3


class Tip(NamedTuple):
    """The end of a stream: its number, its init event, its last event and how many it has."""

    number: int
    stream: Cid
    last: Cid
    length: int


def stored_streams(first: int, count: int) -> tuple[list[MadeEvent], list[Tip]]:
    """Streams of `LENGTH` events with these numbers, in turn, and where they end."""
    streams = [make_stream(number, linear(LENGTH)) for number in range(first, first + count)]
    tips = [Tip(first + at, each[0].cid, each[-1].cid, LENGTH) for at, each in enumerate(streams)]
    return [stream[index] for index in range(LENGTH) for stream in streams], tips


class Coming:
    """Events for a store that are yet to come, each made once."""

    def __init__(self, tips: list[Tip]) -> None:
        """Take the ends of the streams that are stored, of which there have to be more than connections."""
        shuffled = tips.copy()
        Random(len(tips)).shuffle(shuffled)
        # Those that were changed come last, so that what a change builds on has been kept by then.
        self._tips = deque(shuffled)
        self._next = len(tips)
        self._events = self._made()

    def take(self, count: int) -> list[MadeEvent]:
        """The next ones."""
        return list(islice(self._events, count))

    def _made(self) -> Iterator[MadeEvent]:
        while True:
            for _ in range(_EVERY - 1):
                yield make_stream(self._next, ())[0]
                self._next += 1
            number, stream, last, length = self._tips.popleft()
            event = change_of(number, length, stream, last)
            self._tips.append(Tip(number, stream, event.cid, length + 1))
            yield event


def single_requests(events: list[MadeEvent]) -> list[bytes]:
    """A POST to `/ceramic/events` for each."""
    return [post("/ceramic/events", orjson.dumps({"data": _car(event)})) for event in events]


def batch_requests(events: list[MadeEvent], size: int) -> list[bytes]:
    """A POST to `/v1/events` for so many at once."""
    bodies = (events[start : start + size] for start in range(0, len(events), size))
    return [
        post("/v1/events", b"".join(_line(event) for event in body), "application/x-ndjson")
        for body in bodies
    ]


def _line(event: MadeEvent) -> bytes:
    return orjson.dumps({"car": _car(event)}, option=orjson.OPT_APPEND_NEWLINE)


def _car(event: MadeEvent) -> str:
    return multibase.encode(event.raw.car, "m")
