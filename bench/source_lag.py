"""How long it takes from posting an event to a node until somebody reads it from Kafka, as committed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_client import connected
from bench.node_events import batch_requests
from bench.node_pace import percentiles
from bench.node_process import running_node
from bench.node_store import filled
from bench.source_site import PARTITIONS, Site, running_site
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.source.origin import Feed

RATE: Final = 1_000
"""Events a second."""

_BATCH: Final = 10
_STORED: Final = 1_000
_NAME: Final = "lag"
_PATIENCE: Final = 120.0


def figures(effort: Effort) -> list[Figure]:
    """The middle one, and the one that one in a hundred exceeds."""
    store = filled(min(_STORED, effort.node_sizes[0]))
    count = max(_BATCH * 2, round(RATE * effort.source_load_seconds))
    events = store.coming().take(count)
    requests = batch_requests(events, _BATCH)
    cids = [str(event.cid).encode() for event in events]
    with running_site() as site, running_node(store.copy(_NAME)) as node, site.source(_NAME, node) as source:
        site.wait(_NAME, Feed.EVENTS, node.info()["head"]["position"])
        with _reading(site) as seen:
            cpu, started = source.cpu_seconds, perf_counter()
            due = asyncio.run(_post(node.port, requests, cids))
            _wait(seen, count)
            cpu, took = source.cpu_seconds - cpu, perf_counter() - started
    waits = [(seen[cid] - moment) for cid, moment in due.items()]
    found = percentiles(waits)
    note = f"1 × {count:,} events by {_BATCH}, events and states; the source took {cpu / took:.0%} of a core"
    return [
        Figure.of(
            Series(f"POST to Kafka, {RATE:,}/s, p99", [found.p99]), Series("p50", [found.p50]), "s", note
        )
    ]


async def _post(port: int, requests: Sequence[bytes], cids: Sequence[bytes]) -> dict[bytes, float]:
    """Post at the pace; when each event was due."""
    due = dict[bytes, float]()
    started = perf_counter()
    async with connected(port) as connection:
        for number, request in enumerate(requests):
            moment = started + number * _BATCH / RATE
            await asyncio.sleep(max(0.0, moment - perf_counter()))
            due.update(dict.fromkeys(cids[number * _BATCH : (number + 1) * _BATCH], moment))
            status, body = await connection.ask(request)
            assert status == 200, body[:300]
    return due


@contextmanager
def _reading(site: Site) -> Iterator[Mapping[bytes, float]]:
    """When each event was read, by its CID, from now on."""
    seen: dict[bytes, float] = {}
    over = threading.Event()
    ready = threading.Event()

    def read() -> None:
        with site.kafka.consumer() as consumer, site.kafka.admin() as admin:
            names = [
                name for name in admin.names() if name.startswith(f"{_NAME}.") and name.endswith(".events")
            ]
            partitions = [Partition(name, number) for name in names for number in range(PARTITIONS)]
            consumer.assign(dict(consumer.ends(partitions)))
            ready.set()
            while not over.is_set():
                for record in consumer.poll(0.05):
                    seen.setdefault(dict(record.headers)["ceramic.cid"], perf_counter())

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert ready.wait(_PATIENCE)
        yield seen
    finally:
        over.set()
        thread.join()


def _wait(seen: Mapping[bytes, float], count: int) -> None:
    until = perf_counter() + _PATIENCE
    while len(seen) < count:
        assert perf_counter() < until, f"{len(seen)} of {count} were read"
        threading.Event().wait(0.01)
