"""What is measured of a node, round by round, with few events stored and with many in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

from bench.calibration import calibrate
from bench.figure import Figure
from bench.measure import spread
from bench.node_client import Sent, send_all
from bench.node_events import Coming, batch_requests
from bench.node_process import NodeProcess

CONNECTIONS: Final = 16
CLIENT: Final = "client bench.node_client"

_BATCH: Final = 500
_NEW: Final = b'"outcome":"new"'


class Measured(NamedTuple):
    """One round.

    Attributes:
        value: events a second.
        calibration: seconds of the calibration loop before and after it.
        client: what the client took, as a part of one core.
        node: the same of the node.
        followed: events a second until all of their states were there.
    """

    value: float
    calibration: float
    client: float
    node: float
    followed: float


class Load(NamedTuple):
    """What a client did: how many events, and what it took."""

    events: int
    sent: Sent


def timed(node: NodeProcess, action: Callable[[], Load]) -> Measured:
    """Do something with a node, and wait for the states that follow."""
    before, cpu = calibrate(), node.cpu_seconds
    started = perf_counter()
    events, sent = action()
    node_cpu = node.cpu_seconds - cpu
    followed = events / (node.settle() - started)
    calibration = (before + calibrate()) / 2
    seconds = sent.seconds
    return Measured(events / seconds, calibration, sent.cpu_seconds / seconds, node_cpu / seconds, followed)


def of_states(rounds: Sequence[Measured]) -> list[Measured]:
    """The same rounds until all states were there."""
    return [each._replace(value=each.followed) for each in rounds]


def values(rounds: Sequence[Measured]) -> list[float]:
    """As they were measured."""
    return [each.value for each in rounds]


def speeds(rounds: Sequence[Measured]) -> list[float]:
    """Events for each time that the calibration loop takes."""
    return [each.value * each.calibration for each in rounds]


def note_of(rounds: Sequence[Measured], events: int, connections: int = CONNECTIONS) -> str:
    """Repetitions, spread, and what the client and the node took."""
    client, node = (median(getattr(each, name) for each in rounds) for name in ("client", "node"))
    took = f"{CLIENT} took {client:.0%} of a core, the node {node:.0%}"
    by = "1 connection" if connections == 1 else f"{connections} connections"
    return f"{len(rounds)} × {events:,}, {spread(values(rounds))}; {by}, {took}"


def flat(
    name: str, large: Sequence[Measured], small: Sequence[Measured], small_name: str, note: str
) -> Figure:
    """A speed with many events stored beside that with few, both by the calibration loop of their rounds."""
    ratio = median(speeds(large)) / median(speeds(small))
    few, many = median(values(small)), median(values(large))
    return Figure(name, many, "events/s", small_name, few, ratio, f"{note}; ratio calibrated")


def send(node: NodeProcess, requests: Sequence[bytes], size: int) -> Load:
    """Post requests of so many new events each."""

    def check(status: int, body: bytes) -> None:
        is_kept = status == HTTPStatus.NO_CONTENT or body.count(_NEW) == size
        assert is_kept, (status, body[:300])

    return Load(len(requests) * size, asyncio.run(send_all(node.port, requests, CONNECTIONS, check)))


def warm(node: NodeProcess, coming: Coming, events: int) -> None:
    """Post so many, and wait for their states: a node that runs has in memory what it works with."""
    size = min(_BATCH, events)
    send(node, batch_requests(coming.take(events), size), size)
    node.settle()
