"""A steady load on a node, and when each of its events was seen in the feed and its state after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from http import HTTPStatus
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Final, NamedTuple

from bench.node_client import connected
from bench.node_events import Coming, batch_requests, single_requests
from bench.node_process import NodeProcess
from bench.node_rounds import CONNECTIONS
from bench.node_watch import CHANGES, EVENTS, watching

_PATIENCE: Final = 900.0


class Offered(NamedTuple):
    """So many events a second, in requests of so many."""

    rate: int
    batch: int

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.rate:,}/s " + ("one by one" if self.batch == 1 else f"by {self.batch}")


class Paced(NamedTuple):
    """What came of it.

    Attributes:
        events: how many were sent.
        feed: seconds from when an event was due until it was in the feed.
        states: the same until the state after it was there.
        seconds: from the first one until all states were there.
        backlog: events without states when the last one was due.
        drained: seconds from when the last one was sent until all states were there.
        client: what the client took, as a part of one core.
        node: the same of the node.
    """

    events: int
    feed: list[float]
    states: list[float]
    seconds: float
    backlog: int
    drained: float
    client: float
    node: float


class Percentiles(NamedTuple):
    """The middle one and that which one in a hundred exceeds."""

    p50: float
    p99: float


def percentiles(values: Sequence[float]) -> Percentiles:
    """Of at least two values."""
    return Percentiles(median(values), quantiles(values, n=100, method="inclusive")[98])


def pace(node: NodeProcess, coming: Coming, offered: Offered, seconds: float) -> Paced:
    """Offer a load for so many seconds."""
    batch = offered.batch
    count = max(2, round(offered.rate * seconds / batch))
    events = coming.take(count * batch)
    requests = single_requests(events) if batch == 1 else batch_requests(events, batch)
    cids = [str(event.cid).encode() for event in events]
    groups = [cids[start : start + batch] for start in range(0, len(cids), batch)]
    cpu = node.cpu_seconds
    found = asyncio.run(_pace(node.port, list(zip(requests, groups, strict=True)), batch / offered.rate))
    return found._replace(node=(node.cpu_seconds - cpu) / found.seconds)


async def _pace(port: int, parts: Sequence[tuple[bytes, list[bytes]]], pause: float) -> Paced:
    """Send a request each time, as long as one of the connections is free; else as soon as one is."""
    due = dict[bytes, float]()
    waiting = asyncio.Queue[bytes | None]()
    async with AsyncExitStack() as stack:
        feed = await stack.enter_async_context(watching(port, EVENTS))
        states = await stack.enter_async_context(watching(port, CHANGES))

        async def work() -> None:
            async with connected(port) as connection:
                while request := await waiting.get():
                    status, body = await connection.ask(request)
                    assert status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}, (status, body[:300])

        workers = [asyncio.create_task(work()) for _ in range(CONNECTIONS)]
        started, cpu = perf_counter(), process_time()
        for number, (request, cids) in enumerate(parts):
            moment = started + number * pause
            await asyncio.sleep(max(0.0, moment - perf_counter()))
            due.update(dict.fromkeys(cids, moment))
            waiting.put_nowait(request)
        backlog = len(due) - len(states.seen)
        for _ in workers:
            waiting.put_nowait(None)
        await asyncio.gather(*workers)
        sent = perf_counter()
        async with asyncio.timeout(_PATIENCE):
            await feed.wait(len(due))
            await states.wait(len(due))
        ended = max(states.seen.values())
        took = perf_counter() - started
        client = (process_time() - cpu) / took
    seen = feed.latencies(due), states.latencies(due)
    return Paced(len(due), *seen, ended - started, backlog, ended - sent, client, 0.0)
