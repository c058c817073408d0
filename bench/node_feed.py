"""Reading a node's feed with the data of its events, page by page on one connection."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from statistics import median
from time import perf_counter, process_time
from typing import Final, NamedTuple

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_client import Sent, connected, get
from bench.node_process import NodeProcess, running_node
from bench.node_rounds import Load, Measured, flat, note_of, timed, values
from bench.node_store import Filled, filled
from ceramic_node.store.sqlite.backup import FILE_NAME

_PAGE: Final = 10_000
_CARS: Final = "SELECT position, car FROM event WHERE position > ? ORDER BY position LIMIT ?"


class _Feed(NamedTuple):
    """A feed.

    Attributes:
        name: what it is called here.
        path: with what is to come along.
        token: stands before the token to go on with.
        mark: each event has it once.
        parameter: the token's.
    """

    name: str
    path: str
    token: bytes
    mark: bytes
    parameter: str


_FEEDS: Final = (
    _Feed("/v1/feed, CARs", "/v1/feed?includeData=car", b'"resume":"', b'"received":', "resume"),
    _Feed("/v1/feed, full", "/v1/feed?includeData=full", b'"resume":"', b'"received":', "resume"),
    _Feed(
        "/ceramic/feed/events, full",
        "/ceramic/feed/events?includeData=full",
        b'"resumeToken":"',
        b'{"id":"',
        "resumeAt",
    ),
)


class _Round(NamedTuple):
    """Read for the first time since the node's start, and again; how many, and the bytes of one."""

    first: Measured
    again: Measured
    events: int
    size: float


def figures(effort: Effort) -> list[Figure]:
    """All of it: few events stored and many, each feed by itself."""
    few, many = map(filled, effort.node_sizes)
    small: dict[_Feed, list[_Round]] = {feed: [] for feed in _FEEDS}
    large: dict[_Feed, list[_Round]] = {feed: [] for feed in _FEEDS}
    bare = list[float]()
    for _ in range(effort.node_rounds):
        bare.append(_bare(few))
        for feed in _FEEDS:
            small[feed].append(_round(few, feed, few.size))
            # All of it by the first feed; so much of the others that it takes no less than a second.
            count = many.size if feed is _FEEDS[0] else min(many.size, effort.node_read)
            large[feed].append(_round(many, feed, count))
    rows = Series("bare rows of SQLite", bare)
    return [
        figure for feed in _FEEDS for figure in _figures(feed.name, effort, small[feed], large[feed], rows)
    ]


def _figures(
    name: str, effort: Effort, small: Sequence[_Round], large: Sequence[_Round], rows: Series
) -> list[Figure]:
    few, many = effort.node_sizes
    here, there = ([each.first for each in rounds] for rounds in (small, large))
    again = [each.again for each in large]
    said = [_note(here, small), _note(there, large), _note(again, large)]
    first = Series("for the first time", values(there))
    return [
        Figure.of(Series(f"{name}, {few:,} stored", values(here)), rows, "events/s", said[0]),
        flat(f"{name}, {many:,} stored", there, here, f"{few:,} stored", said[1]),
        Figure.of(Series(f"{name} again, {many:,} stored", values(again)), first, "events/s", said[2]),
    ]


def _note(rounds: Sequence[Measured], read: Sequence[_Round]) -> str:
    megabytes = median(one.value * each.size for one, each in zip(rounds, read, strict=True)) / 1e6
    return f"{megabytes:.1f} MB/s; {note_of(rounds, read[0].events, connections=1)}"


def _round(stored: Filled, feed: _Feed, count: int) -> _Round:
    sizes = list[int]()

    def read() -> Load:
        sent, size = asyncio.run(_read(node, feed, count))
        sizes.append(size)
        return Load(count, sent)

    with running_node(stored.folder) as node:
        first, again = timed(node, read), timed(node, read)
    return _Round(first, again, count, sizes[0] / count)


async def _read(node: NodeProcess, feed: _Feed, count: int) -> tuple[Sent, int]:
    """Read at least so many events from the beginning; gives what it took and the bytes that came."""
    found, size, token = 0, 0, ""
    async with connected(node.port) as connection:
        await connection.ask(get("/v1/info"))
        started, cpu = perf_counter(), process_time()
        while found < count:
            limit = min(_PAGE, count - found)
            status, body = await connection.ask(get(f"{feed.path}&limit={limit}{token}"))
            number = body.count(feed.mark)
            assert status == HTTPStatus.OK, (status, body[:300])
            assert number, body[:300]
            found, size = found + number, size + len(body)
            start = body.rindex(feed.token) + len(feed.token)
            end = body.index(b'"', start)
            token = f"&{feed.parameter}={body[start:end].decode()}"
        return Sent(perf_counter() - started, process_time() - cpu), size


def _bare(stored: Filled) -> float:
    with closing(sqlite3.connect(stored.folder / FILE_NAME)) as db:
        started, read = perf_counter(), 0
        for at in range(0, stored.size, _PAGE):
            read += len(db.execute(_CARS, (at, _PAGE)).fetchall())
        return read / (perf_counter() - started)
