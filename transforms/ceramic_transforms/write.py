"""Writing tables as Parquet files with deterministic names and contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import apache_beam as beam
import pyarrow as pa

from ceramic_connectors.parquet import write_parquet
from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.tables import REJECTED, STREAM_SHARDS, TABLES
from ceramic_transforms.batches import to_batch
from ceramic_transforms.resolve import TablePart

_File: TypeAlias = tuple[str, int]
_Keyed: TypeAlias = tuple[tuple[str, int], TablePart]
_SCHEMAS: Final = {table.name: arrow_schema(table) for table in TABLES}


class WriteTables(beam.PTransform[beam.PCollection[TablePart], beam.PCollection[tuple[str, int]]]):
    """Write table parts as `FOLDER/<table>/part-<i>-of-<n>.parquet`, every table at least one file.

    File i holds the shards i*256/n up to the next file's, in their order, so that the rows of a table read
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

    def _empty_files(self) -> Iterator[tuple[_File, TablePart]]:
        for name, schema in _SCHEMAS.items():
            for index in range(self._files_of(name)):
                yield (name, index), TablePart(name, 0, 0, to_batch(schema, []))

    def _files_of(self, table: str) -> int:
        return 1 if table == REJECTED.name else self._num_shards

    def _key(self, part: TablePart) -> tuple[_File, TablePart]:
        return (part.table, part.shard * self._files_of(part.table) // STREAM_SHARDS), part


class _WriteFile(beam.DoFn):
    def __init__(self, folder: str, num_shards: int) -> None:
        self._folder = folder
        self._num_shards = num_shards

    def process(self, element: tuple[_File, Iterable[TablePart]]) -> Iterator[tuple[str, int]]:
        (table, index), parts = element
        total = 1 if table == REJECTED.name else self._num_shards
        name = f"{table}/part-{index:05d}-of-{total:05d}.parquet"
        found = sorted(parts, key=lambda part: part[1:3])
        batches: Iterable[pa.RecordBatch] = (part.batch for part in found)
        if table == REJECTED.name:
            batches = _sorted_refusals(list(batches))
        path = Path(self._folder) / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield name, write_parquet(path, _SCHEMAS[table], batches)
        except CeramicError as error:
            # Runners pass failures on as text: the mark lets the job tell what happened.
            raise type(error)(error.marked) from error


def _sorted_refusals(batches: list[pa.RecordBatch]) -> Iterable[Any]:
    """By event and cause, so that the rows don't tell in which order the events came."""
    if not batches:
        return []
    order = [(name, "ascending") for name in ("event_cid", "reason", "raw", "source", "position")]
    return pa.Table.from_batches(batches).sort_by(order).to_batches()
