"""The most memory that a node takes while very many events are posted to it, as fast as it takes them.

Meanwhile somebody follows the feed with the events' bytes, so that the node keeps what it keeps for those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from socket import SHUT_RDWR, create_connection
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter
from typing import Final, NamedTuple

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_client import get, send_all
from bench.node_events import LENGTH, batch_requests, stored_streams
from bench.node_process import NodeProcess, running_node
from bench.node_rounds import CLIENT, CONNECTIONS
from bench.streams import model_event

_BATCH: Final = 500
_AT_ONCE: Final = 20_000
"""So many are made and then sent, so that the client needs little memory too."""

_FOLLOW: Final = "/v1/feed/stream?includeData=car&since=now"
_READ: Final = 1 << 20
_MEGA: Final = 1e6


class _Moment(NamedTuple):
    """When so many events had been taken: the peak so far in MB, and events a second since the last one."""

    events: int
    peak: float
    rate: float


def figures(effort: Effort) -> list[Figure]:
    """The peak each time, beside that of a node without events."""
    with TemporaryDirectory() as name, running_node(Path(name, "store")) as node, _followed(node.port):
        empty = Series("without events", [node.peak_bytes / _MEGA])
        post_all(node, batch_requests([model_event()], 1))
        found, streams = list[_Moment](), 0
        for target in effort.node_ingested:
            taken = streams * LENGTH
            seconds = 0.0
            while streams * LENGTH < target:
                count = min(_AT_ONCE, target - streams * LENGTH) // LENGTH
                requests = batch_requests(stored_streams(streams, count)[0], _BATCH)
                seconds += post_all(node, requests)
                streams += count
            found.append(_Moment(target, node.peak_bytes / _MEGA, (target - taken) / seconds))
        started = perf_counter()
        settled = node.settle() - started
        after = node.peak_bytes / _MEGA
    client = f"{CONNECTIONS} connections and one who follows, {CLIENT}"
    figures = [
        Figure.of(
            Series(f"peak memory, {each.events:,} posted", [each.peak]),
            empty,
            "MB",
            f"1 × {each.events:,}, the last ones at {each.rate:,.0f} events/s; {client}",
        )
        for each in found
    ]
    note = f"1 × {found[-1].events:,}; {settled:.1f} s after the last one; {client}"
    middle = Series(f"{found[-2].events:,} posted", [found[-2].peak])
    last = Figure.of(Series("peak memory, all states made", [after]), middle, "MB", note)
    return [*figures, last]


@contextmanager
def _followed(port: int) -> Iterator[None]:
    """Somebody who follows the feed, and takes what comes without looking at it."""
    with create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(get(_FOLLOW))

        def take() -> None:
            while connection.recv(_READ):
                pass

        thread = Thread(target=take)
        thread.start()
        try:
            yield
        finally:
            connection.shutdown(SHUT_RDWR)
            thread.join()


def post_all(node: NodeProcess, requests: list[bytes]) -> float:
    """Post requests; gives the seconds that it took."""

    def check(status: int, body: bytes) -> None:
        assert status == HTTPStatus.OK, (status, body[:300])
        assert body.count(b'"outcome":"new"') == body.count(b'"outcome":'), body[:300]

    return asyncio.run(send_all(node.port, requests, CONNECTIONS, check)).seconds
