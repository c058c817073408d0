"""The store of events on disk: what putting and reading costs, and whether that grows with what is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import Timing, measure, spread, time_batch
from bench.store_events import events, one_stream
from ceramic_node.clock import SystemClock
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import SqliteStore, open_store
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.ports import EventStore
from ceramic_protocol.recon_port import RangeHash
from ceramic_protocol.stored import NewEvent

_BATCHES: Final = (1, 16, 256)
_SNAPSHOTS: Final = (1, 10, 1000)
_PAGE: Final = 1000
_RANGES: Final = 50
_MISSING: Final = 10_000
_MICROS: Final = 1e6
_CARS: Final = "SELECT position, car FROM event WHERE position > ? ORDER BY position LIMIT ?"


class _Filled:
    """A store in a folder with so many events, and more to come."""

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        self.folder = folder
        self.count = count
        self.store = open_store(folder, clock=SystemClock())
        self.more = events(seed)
        for _ in range(0, count, MAX_BATCH_EVENTS):
            self.store.put(self.take(MAX_BATCH_EVENTS))

    def take(self, number: int) -> list[NewEvent]:
        return list(islice(self.more, number))

    def close(self) -> None:
        self.store.close()

    def reopen(self) -> None:
        self.store = open_store(self.folder, clock=SystemClock())

    def range_hash(self, bounds: tuple[bytes, bytes]) -> RangeHash:
        return self.store.recon.range_hash(*bounds)


def figures(effort: Effort) -> list[Figure]:
    """All of it, with few events stored and with many in turn."""
    few, many = effort.store_sizes
    with TemporaryDirectory() as name, ExitStack() as stack:
        small, large = (_Filled(Path(name, str(size)), size, size) for size in (few, many))
        for filled in (small, large):
            stack.callback(filled.close)
        return [
            *(_put(small, large, size, effort.store_rounds) for size in _BATCHES),
            _put_lasting(Path(name), effort.store_rounds),
            _feed(large, effort.store_rounds),
            *(_snapshot(large, size, effort.store_rounds) for size in _SNAPSHOTS),
            _range_hash(small, large, effort.store_rounds),
            _recon(small, large, effort.store_rounds),
            _open(small, large, effort.store_rounds),
        ]


def _put(small: _Filled, large: _Filled, size: int, rounds: int) -> Figure:
    """µs per event to put batches of a size, beside the same with few events stored."""
    batches = max(4, 256 // size)
    values: dict[int, list[float]] = {small.count: [], large.count: []}
    for _ in range(rounds + 1):
        for filled in (small, large):
            batch = [filled.take(size) for _ in range(batches)]
            values[filled.count].append(time_batch(filled.store.put, batch) / size)
    few, many = (values[filled.count][1:] for filled in (small, large))
    name = f"put {size:,} at once, {large.count:,} stored"
    beside = Series(f"{small.count:,} stored", few)
    return Figure.of(Series(name, many), beside, "µs", Timing(tuple(many), batches * size).note)


def _put_lasting(folder: Path, rounds: int) -> Figure:
    """µs to put single events so that they survive a power failure, beside what survives a killed process."""
    full = open_store(folder / "full", clock=SystemClock(), synchronous="FULL")
    normal = open_store(folder / "normal", clock=SystemClock())
    with full, normal:
        values: dict[SqliteStore, list[float]] = {full: [], normal: []}
        more = events(3)
        for _ in range(rounds + 1):
            for store, times in values.items():
                times.append(time_batch(store.put, [[event] for event in islice(more, 64)]))
    safe, usual = values[full][1:], values[normal][1:]
    note = Timing(tuple(safe), 64).note
    return Figure.of(Series("put 1, synchronous=FULL", safe), Series("NORMAL", usual), "µs", note)


def _feed(large: _Filled, rounds: int) -> Figure:
    """Entries a second with their bytes, beside the bare bytes from SQLite."""
    count = min(large.count, 50_000)
    found: dict[str, list[float]] = {"feed": [], "bare": []}
    with closing(sqlite3.connect(large.folder / FILE_NAME)) as db:
        for _ in range(rounds + 1):
            for name, pages in (("feed", _pages(large.store, count)), ("bare", _bare(db, count))):
                started = perf_counter()
                read = sum(pages)
                found[name].append(read / (perf_counter() - started))
    entries, bare = found["feed"][1:], found["bare"][1:]
    note = f"{rounds} × {count:,}, {spread(entries)}"
    return Figure.of(Series("feed with CARs", entries), Series("bare rows of SQLite", bare), "events/s", note)


def _pages(store: EventStore, count: int) -> Iterator[int]:
    at = 0
    while at < count:
        page = store.feed(at, _PAGE, with_cars=True)
        yield len(page.entries)
        at = page.looked_to


def _bare(db: sqlite3.Connection, count: int) -> Iterator[int]:
    for at in range(0, count, _PAGE):
        yield len(db.execute(_CARS, (at, _PAGE)).fetchall())


def _snapshot(large: _Filled, length: int, rounds: int) -> Figure:
    """µs to read a whole stream, beside a store in memory."""
    log = list(one_stream(f"a stream of {length}", length))
    memory = MemoryStore()
    for store in (large.store, memory):
        store.put(log)
    stream, times = log[0].checked.cid, max(4, 200 // length)
    found = measure(
        {"disk": large.store.snapshot, "memory": memory.snapshot},
        {"disk": [stream] * times, "memory": [stream] * times},
        rounds,
    )
    assert len(large.store.snapshot(stream).events) == length
    name = f"snapshot of {length:,} events"
    beside = Series("in memory", found["memory"].rounds)
    return Figure.of(Series(name, found["disk"].rounds), beside, "µs", found["disk"].note)


def _range_hash(small: _Filled, large: _Filled, rounds: int) -> Figure:
    """µs for hash and number of the keys of any range, beside the same with few events stored."""
    stores = {"few": small, "many": large}
    bounds = {name: filled.store.recon.split(b"", b"\xff", _RANGES) for name, filled in stores.items()}
    found = measure(
        {name: filled.range_hash for name, filled in stores.items()},
        {name: list(zip(ends, reversed(ends), strict=True)) for name, ends in bounds.items()},
        rounds,
    )
    name = f"range hash, {large.count:,} stored"
    beside = Series(f"{small.count:,} stored", found["few"].rounds)
    return Figure.of(Series(name, found["many"].rounds), beside, "µs", found["many"].note)


def _recon(small: _Filled, large: _Filled, rounds: int) -> Figure:
    """µs per event to make the keys of Recon that are missing, beside the same with few events stored."""
    values: dict[int, list[float]] = {small.count: [], large.count: []}
    for _ in range(rounds + 1):
        for filled in (small, large):
            filled.range_hash((b"", b"\xff"))
            for _ in range(_MISSING // MAX_BATCH_EVENTS):
                filled.store.put(filled.take(MAX_BATCH_EVENTS))
            started = perf_counter()
            filled.range_hash((b"", b"\xff"))
            values[filled.count].append((perf_counter() - started) * _MICROS / _MISSING)
    few, many = (values[filled.count][1:] for filled in (small, large))
    name = f"keys of {_MISSING:,} events, {large.count:,} stored"
    note = f"{rounds} × {_MISSING:,}, {spread(many)}"
    return Figure.of(Series(name, many), Series(f"{small.count:,} stored", few), "µs", note)


def _open(small: _Filled, large: _Filled, rounds: int) -> Figure:
    """Seconds to open a store, beside one with few events."""
    values: dict[int, list[float]] = {small.count: [], large.count: []}
    for _ in range(rounds):
        for filled in (small, large):
            filled.close()
            started = perf_counter()
            filled.reopen()
            values[filled.count].append(perf_counter() - started)
    few, many = values[small.count], values[large.count]
    name = f"open, {large.count:,} stored"
    note = f"{rounds} ×, {spread(many)}"
    return Figure.of(Series(name, many), Series(f"{small.count:,} stored", few), "s", note)
