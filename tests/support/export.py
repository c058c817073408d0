"""Running the export job in tests, and reading what it wrote."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.chain import FileChain
from ceramic_connectors.sources import open_source
from ceramic_pipelines.export import ExportJob, build, run_export
from ceramic_pipelines.summary import Summary
from ceramic_protocol import multibase
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import REJECTED, TABLES
from ceramic_protocol.verify import Verifier
from tests.support import corpus

ORIGIN = ["source", "position"]
"""Columns of `rejected` that say where in the source an event stood, and so change with its order."""


def export(source: str, output: Path, **settings: Any) -> Summary:
    """Run the job with the sample's chain."""
    verifier = Verifier(FileChain.load(corpus.CHAIN))
    return run_export(ExportJob(source, output, Rules.as_of(datetime.now(UTC)), verifier, **settings))


def export_in_one(job: ExportJob, work_dir: Path) -> None:
    """Run the job as the single pipeline that other runners get."""
    job.output.mkdir()
    with beam.Pipeline("FnApiRunner") as pipeline:
        _ = build(pipeline, job, open_source(job.source, work_dir), job.output)


def read_tables(output: Path) -> dict[str, pa.Table]:
    """Every table, file after file, without the columns that tell the order of the input."""
    found = {}
    for table in TABLES:
        files = sorted((output / table.name).glob("*.parquet"))
        whole = pa.concat_tables(pq.ParquetFile(file).read() for file in files)
        found[table.name] = whole.drop_columns(ORIGIN) if table is REJECTED else whole
    return found


def write_ndjson(path: Path, cars: Iterable[tuple[str, bytes]]) -> None:
    """Write events as an NDJSON source."""
    with gzip.open(path, "wt", compresslevel=1) as file:
        for cid, car in cars:
            file.write(json.dumps({"cid": cid, "car": multibase.encode(car, "m")}) + "\n")


def shuffled_sample(path: Path, seed: int, duplicates: int = 0) -> None:
    """The sample in a random order as an NDJSON source, some events twice.

    Only what is an event is doubled: of bytes that are none, every copy is kept in `rejected`.
    """
    chance = random.Random(seed)
    cars = list(corpus.cars().items())
    events = [(cid, car) for cid, car in cars if not isinstance(decode_event(car), InvalidEvent)]
    cars += chance.sample(events, duplicates)
    chance.shuffle(cars)
    write_ndjson(path, cars)


def check_order_independence(folder: Path, orders: int, seed: int) -> str:
    """Export the sample in its own order and in random ones, with duplicates and other numbers of files.

    Returns:
        The figures in words.

    Raises:
        AssertionError: a table differs.
    """
    export(f"ndjson:{corpus.NDJSON}", folder / "expected")
    expected = read_tables(folder / "expected")
    for number in range(orders):
        source, output = folder / f"{number}.ndjson.gz", folder / f"out-{number}"
        shuffled_sample(source, seed + number, duplicates=500)
        export(f"ndjson:{source}", output, num_shards=(1, 4, 256)[number % 3])
        for name, table in read_tables(output).items():
            # Row by row: two chunks with the same values may have other dictionaries.
            assert table.to_pylist() == expected[name].to_pylist(), f"{name} differs in order {number}"
    rows = {name: len(table) for name, table in expected.items()}
    return f"{orders} random orders with 500 duplicates give the same tables: {rows}"
