"""Bringing versions of an export into Iceberg and DuckDB, beside reading and writing their files alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import schema_to_pyarrow

from bench.archives import write_car
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.streams import make_events, model_event
from ceramic_connectors.parquet import read_batches, write_parquet
from ceramic_connectors.publishing import ExportVersion, open_tables
from ceramic_connectors.publishing.iceberg_schema import rows_as
from ceramic_connectors.tables import arrow_schema
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_pipelines.quiet import quiet_beam
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import EVENT_STATES, TABLES

_LENGTH: Final = 10
_LATER: Final = 3
"""Events of the increment: few, which touch a part of the files."""

_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


class _Round(NamedTuple):
    """Seconds that each took: all rows, then those of an increment."""

    bare: float
    iceberg: float
    iceberg_more: float
    upsert: float
    duckdb: float
    duckdb_more: float


def figures(effort: Effort) -> list[Figure]:
    """Events a second of a first version, seconds of the second one."""
    quiet_beam()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        versions = _export(place, effort.job_events)
        rounds = [_measure(place / f"round-{number}", versions) for number in range(effort.batch_rounds)]
    return [*_firsts(effort.job_events, rounds), *_increments(versions, rounds)]


def _export(folder: Path, count: int) -> tuple[ExportVersion, ExportVersion]:
    events = [model_event(), *make_events(count - 1, _LENGTH)]
    last = random.Random(1).sample(range(1, count), _LATER)
    later = [events[number] for number in last]
    first = [event for number, event in enumerate(events) if number not in last]
    for name, some in (("first", first), ("later", later)):
        write_car(folder / f"{name}.car", some)
        run_export(ExportJob(f"car:{folder}/{name}.car", folder / "out", Rules.as_of(_AT), incremental=True))
    one, two = sorted((folder / "out" / "versions").glob("v*"))
    return ExportVersion.read(one), ExportVersion.read(two)


def _measure(folder: Path, versions: Sequence[ExportVersion]) -> _Round:
    (folder / "warehouse").mkdir(parents=True)
    catalog = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}
    first, second = versions
    duckdb = f"duckdb:{folder}/tables.duckdb"
    return _Round(
        bare=_timed(lambda: _bare(first, folder / "bare")),
        iceberg=_publish("iceberg:bench", first, catalog),
        iceberg_more=_publish("iceberg:bench", second, catalog),
        upsert=_upsert(versions, catalog),
        duckdb=_publish(duckdb, first, {}),
        duckdb_more=_publish(duckdb, second, {}),
    )


def _publish(target: str, version: ExportVersion, properties: Mapping[str, str]) -> float:
    with open_tables(target, properties=properties) as tables:
        return _timed(lambda: tables.publish(version))


def _upsert(versions: Sequence[ExportVersion], properties: Mapping[str, str]) -> float:
    """What pyiceberg takes for the rows of one table that stand in files of the second version."""
    _publish("iceberg:peer", versions[0], properties)
    with closing(load_catalog("peer", **properties)) as catalog:
        table = catalog.load_table(f"ceramic.{EVENT_STATES.name}")
        schema = schema_to_pyarrow(table.schema())
        fresh = set(versions[1].files(EVENT_STATES)) - set(versions[0].files(EVENT_STATES))
        batches = [
            batch
            for name in sorted(fresh)
            for batch in rows_as(schema, read_batches(versions[1].path / name), {}, name)
        ]
        rows = pa.Table.from_batches(batches, schema)
        return _timed(lambda: table.upsert(rows))


def _bare(version: ExportVersion, folder: Path) -> None:
    for table in TABLES:
        for name in version.files(table):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            write_parquet(place, arrow_schema(table), read_batches(version.path / name))


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _firsts(count: int, rounds: Sequence[_Round]) -> list[Figure]:
    bare = Series("its files read and written", [count / each.bare for each in rounds])
    found = {
        "a first version into Iceberg": [count / each.iceberg for each in rounds],
        "a first version into DuckDB": [count / each.duckdb for each in rounds],
    }
    return [
        Figure.of(
            Series(name, values), bare, "events/s", f"{len(values)} × {count:,} events, {spread(values)}"
        )
        for name, values in found.items()
    ]


def _increments(versions: Sequence[ExportVersion], rounds: Sequence[_Round]) -> list[Figure]:
    fresh = len(set(versions[1].names) - set(versions[0].names))
    found = {
        "Iceberg": ([each.iceberg_more for each in rounds], [each.iceberg for each in rounds]),
        "DuckDB": ([each.duckdb_more for each in rounds], [each.duckdb for each in rounds]),
    }
    note = f"{len(rounds)} × {_LATER} events, {fresh} of {len(versions[1].names)} files"
    peer = Series("pyiceberg's upsert of event_states alone", [each.upsert for each in rounds])
    measured = [each.iceberg_more for each in rounds]
    return [
        *(
            Figure.of(
                Series(f"an increment into {name}", values),
                Series("the first version", others),
                "s",
                f"{note}, {spread(values)}",
            )
            for name, (values, others) in found.items()
        ),
        Figure.of(
            Series("the increment, all five tables", measured), peer, "s", f"{note}, {spread(measured)}"
        ),
    ]
