"""Reading the same events from each kind of source that isn't a topic, on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.node_process import running_node
from bench.node_store import filled
from ceramic_connectors.event_sources.one_feed import OneFeed
from ceramic_pipelines.sources import open_source
from ceramic_protocol.ports import EventSource, RawEvent

_BARE: Final = "bare rows of Parquet"


def figures(effort: Effort) -> list[Figure]:
    """Events per second from a table, a store, and a node by both of its feeds, beside bare rows."""
    found = filled(effort.node_sizes[0])
    with TemporaryDirectory() as folder, running_node(found.folder) as node:
        url, table = f"http://127.0.0.1:{node.port}", Path(folder) / "events.parquet"
        store = open_source(f"store:{found.folder}", Path(folder))
        write_table(table, store)
        sources: Mapping[str, EventSource] = {
            "a table": open_source(str(table), Path(folder)),
            "a store": store,
            "a node's feed": open_source(url, Path(folder)),
            "a node's feed as of a ceramic-one": OneFeed.open(url),
        }
        bare: list[float] = []
        speeds: dict[str, list[float]] = {name: [] for name in sources}
        for _ in range(effort.node_rounds):
            bare.append(_bare(table))
            for name, source in sources.items():
                speeds[name].append(_speed(source, store.count))
    return [
        Figure.of(
            Series(f"read {name}", values),
            Series(_BARE, bare),
            "events/s",
            f"{effort.node_rounds} × {store.count:,} events, {spread(values)}",
        )
        for name, values in speeds.items()
    ]


def write_table(path: Path, source: EventSource) -> None:
    """The events of a source as a Parquet file."""
    pages = source.read(0, source.count)
    cars = [item.car for page in pages for item in page.items if isinstance(item, RawEvent)]
    pq.write_table(pa.table({"car": pa.array(cars, pa.binary())}), path, compression="zstd")


def _bare(table: Path) -> float:
    started = perf_counter()
    with pq.ParquetFile(table) as file:
        read = sum(len(batch.column("car").to_pylist()) for batch in file.iter_batches(1_000))
    return read / (perf_counter() - started)


def _speed(source: EventSource, expected: int) -> float:
    started = perf_counter()
    read = sum(len(page.items) for page in source.read(0, source.count))
    assert read == expected
    return read / (perf_counter() - started)
