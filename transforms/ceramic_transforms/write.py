"""Writing tables as Parquet files with deterministic names and contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, TypeAlias

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import part_name, write_parquet
from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.tables import REJECTED, STREAM_SHARDS, TABLES
from ceramic_transforms.batches import to_batch
from ceramic_transforms.failures import passed_on
from ceramic_transforms.table_parts import TablePart

_File: TypeAlias = tuple[str, int]
_Keyed: TypeAlias = tuple[tuple[str, int], TablePart]
SCHEMAS: Final = {table.name: arrow_schema(table) for table in TABLES}
"""The schema of each table, by its name."""


@with_input_types(TablePart)
@with_output_types(tuple[str, int])
class WriteTables(beam.PTransform[beam.PCollection[TablePart], beam.PCollection[tuple[str, int]]]):
    """Write table parts as `FOLDER/<table>/part-<i>-of-<n>.parquet`, every table at least one file.

    File i holds the shards whose number times n / 256 is i, in their order, so that the rows of a table read
    file after file are the same for any n. A file appears under its name when it is whole; publishing the
    folder as a whole is the job's business. Gives (file's path within the folder, rows) of every file.

    Args:
        folder: an existing folder that all workers can write to.
        num_shards: files per table, from 1 to 256.
    """

    def __init__(self, folder: str, num_shards: int = 1) -> None:
        super().__init__()
        self._folder = folder
        self._num_shards = num_shards

    def expand(self, parts: beam.PCollection[TablePart]) -> beam.PCollection[tuple[str, int]]:
        """Bring the parts of one file together and write it."""
        # A table without rows is written too, so that a query on it finds its columns.
        every_file = beam.Create(list(self._empty_files())).with_output_types(_Keyed)
        empty = parts.pipeline | "EveryFile" >> every_file
        keyed = parts | "ByFile" >> beam.Map(self._key).with_output_types(_Keyed)
        return (
            (keyed, empty)
            | "Together" >> beam.Flatten()
            | "Group" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(_WriteFile(self._folder, self._num_shards))
        )

    def display_data(self) -> dict[str, Any]:
        """Where to, and how many files."""
        return {"folder": self._folder, "num_shards": self._num_shards}

    def _empty_files(self) -> Iterator[tuple[_File, TablePart]]:
        for name, schema in SCHEMAS.items():
            for index in range(self._num_shards):
                yield (name, index), TablePart(name, 0, 0, to_batch(schema, []))

    def _key(self, part: TablePart) -> tuple[_File, TablePart]:
        return (part.table, part.shard * self._num_shards // STREAM_SHARDS), part


class _WriteFile(beam.DoFn):
    def __init__(self, folder: str, num_shards: int) -> None:
        self._folder = folder
        self._num_shards = num_shards

    def process(self, element: tuple[_File, Iterable[TablePart]]) -> Iterator[tuple[str, int]]:
        (table, index), parts = element
        name = f"{table}/{part_name(index, self._num_shards)}"
        found = sorted(parts, key=lambda part: part[1:3])
        batches: Iterable[pa.RecordBatch] = (part.batch for part in found)
        if table == REJECTED.name:
            batches = sorted_refusals(found)
        path = Path(self._folder) / name
        with passed_on():
            with outside(f"make the folder {path.parent}"):
                path.parent.mkdir(parents=True, exist_ok=True)
            rows = write_parquet(path, SCHEMAS[table], batches)
        yield name, rows


def sorted_refusals(parts: Sequence[TablePart]) -> Iterator[pa.RecordBatch]:
    """In each shard by event and cause, so that the rows don't tell in which order the events came."""
    order = [(name, "ascending") for name in ("event_cid", "reason", "raw", "source", "position")]
    for _shard, members in groupby(parts, key=lambda part: part.shard):
        yield from pa.Table.from_batches(part.batch for part in members).sort_by(order).to_batches()
