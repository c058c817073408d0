"""How long a source writes nothing after its broker was killed and is back."""

from __future__ import annotations

import asyncio
import threading
from time import perf_counter, sleep
from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_client import connected
from bench.node_events import Coming, batch_requests
from bench.node_process import NodeProcess, running_node
from bench.node_store import filled
from bench.source_site import Site, running_site
from ceramic_connectors.source.origin import Feed

_NAME: Final = "recovery"
_STORED: Final = 1_000
_BATCH: Final = 50


def figures(effort: Effort) -> list[Figure]:
    """Seconds from when the broker answers again until something new is committed."""
    store = filled(min(_STORED, effort.node_sizes[0]))
    coming = store.coming()
    after, without = list[float](), list[float]()
    with running_site() as site, running_node(store.copy(_NAME)) as node, site.source(_NAME, node):
        for _ in range(effort.source_kills):
            killed, back, there = _killed(site, node, coming)
            after.append(there - back)
            without.append(back - killed)
    note = f"{effort.source_kills} × SIGKILL while events come, one broker"
    return [
        Figure.of(
            Series("source, after its broker is back", after), Series("broker away", without), "s", note
        )
    ]


def _killed(site: Site, node: NodeProcess, coming: Coming) -> tuple[float, float, float]:
    """When the broker was killed, when it answered again, and when something new was committed."""
    over = threading.Event()
    thread = threading.Thread(target=_post, args=(node.port, coming, over))
    thread.start()
    try:
        sleep(1.0)
        killed = perf_counter()
        site.broker.kill()
        site.broker.start()
        back = perf_counter()
        site.wait(_NAME, Feed.EVENTS, node.info()["head"]["position"])
        return killed, back, perf_counter()
    finally:
        over.set()
        thread.join()


def _post(port: int, coming: Coming, over: threading.Event) -> None:
    async def post() -> None:
        async with connected(port) as connection:
            while not over.is_set():
                for request in batch_requests(coming.take(_BATCH), _BATCH):
                    status, body = await connection.ask(request)
                    assert status == 200, body[:300]
                await asyncio.sleep(0.1)

    asyncio.run(post())
