"""Reading a node's tables over Arrow Flight SQL with ADBC, and what it costs to keep them up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any, Final, NamedTuple

import adbc_driver_flightsql.dbapi as adbc

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.resolve import checked
from bench.streams import make_events, model_event
from ceramic_connectors.config.values import Address
from ceramic_node.sql.database import Database
from ceramic_node.sql.mirror import Mirror
from ceramic_node.sql.service import SqlService, SqlSettings
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.stored import NewEvent
from tests.support.node import RunningNode, running_node

_LENGTH: Final = 10
_BATCH: Final = 1_000
_REPEATED: Final = 20
_MICROS: Final = 1e6


class _Round(NamedTuple):
    """Seconds that each took."""

    all_rows: float
    columns: float
    counting: float
    nothing: float
    mirror: float


def figures(effort: Effort) -> list[Figure]:
    """Rows a second of whole tables, µs of small queries, events a second that are taken over."""
    count, rounds = effort.job_events, effort.batch_rounds
    with TemporaryDirectory() as folder, running_node(Path(folder)) as running:
        followed = _fill(running, count)
        with _asking(running, Path(folder)) as connection:
            _ask(connection, "SELECT count(*) FROM event_states")
            found = [_measure(running, connection, count) for _ in range(rounds)]
    return [
        _speed(count, found),
        _small(found),
        _keeping(count, found, followed),
    ]


def _fill(running: RunningNode, count: int) -> float:
    """Let a node have events; gives the seconds until their states were there."""
    made = [model_event(), *make_events(count - 1, _LENGTH)]
    events = [NewEvent(event.raw.car, checked(event.raw)) for event in made]
    started = perf_counter()
    for start in range(0, count, _BATCH):
        running.node.events.put(events[start : start + _BATCH])
        running.node.follower.wake()
    running.settle()
    return perf_counter() - started


@contextmanager
def _asking(running: RunningNode, folder: Path) -> Iterator[Any]:
    service = SqlService(running.node, SqlSettings(Address("127.0.0.1", 0), folder))
    running.call(service.start())
    try:
        while not service.is_ready:
            sleep(0.05)
        with adbc.connect(f"grpc://127.0.0.1:{service.port}", autocommit=True) as connection:
            yield connection
    finally:
        running.call(service.stop())


def _ask(connection: Any, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def _timed(connection: Any, sql: str, rows: int, times: int = 1) -> float:
    started = perf_counter()
    for _ in range(times):
        assert _ask(connection, sql).num_rows == rows
    return (perf_counter() - started) / times


def _measure(running: RunningNode, connection: Any, count: int) -> _Round:
    columns = "conclusion_event_order, event_cid, data"
    return _Round(
        _timed(connection, "SELECT * FROM conclusion_events", count),
        _timed(connection, f"SELECT {columns} FROM conclusion_events", count),
        _timed(connection, "SELECT count(*) FROM event_states", 1, _REPEATED),
        _timed(connection, "SELECT 1", 1, _REPEATED),
        _mirror(running),
    )


def _mirror(running: RunningNode) -> float:
    """Seconds to take over all that there is into a new file."""
    node = running.node
    with TemporaryDirectory() as folder, Database(Path(folder) / "sql.duckdb") as database:
        mirror = Mirror(database, node.events, node.states, lambda: Profile.STRICT)
        started = perf_counter()
        mirror.catch_up()
        taken = perf_counter() - started
        mirror.close()
    return taken


def _speed(count: int, found: list[_Round]) -> Figure:
    values = [count / each.all_rows for each in found]
    others = [count / each.columns for each in found]
    note = f"{len(values)} × {count:,}, {spread(values)}"
    name = "SELECT * FROM conclusion_events"
    return Figure.of(Series(name, values), Series("three columns", others), "events/s", note)


def _small(found: list[_Round]) -> Figure:
    values = [each.counting * _MICROS for each in found]
    others = [each.nothing * _MICROS for each in found]
    note = f"{len(values)} × {_REPEATED}, {spread(values)}"
    name = "SELECT count(*) FROM event_states"
    return Figure.of(Series(name, values), Series("SELECT 1", others), "µs", note)


def _keeping(count: int, found: list[_Round], followed: float) -> Figure:
    values = [count / each.mirror for each in found]
    beside = Series("events put and their states", [count / followed] * len(values))
    note = f"{len(values)} × {count:,}, {spread(values)}"
    return Figure.of(Series("tables for SQL kept up", values), beside, "events/s", note)
