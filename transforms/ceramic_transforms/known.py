"""Leaving out events that are known already, before they are verified."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_connectors.index_db import build_index, read_index
from ceramic_transforms import metrics
from ceramic_transforms.batches import to_rows
from ceramic_transforms.failures import passed_on

COPY_COLUMNS: Final = ("event_cid", "car", "source", "position")
"""Columns of `CHECKED_EVENTS` that tell one copy of an event from another."""

_SCHEMA: Final = (
    """CREATE TABLE copies (cid BLOB, car BLOB, source TEXT, position INTEGER, PRIMARY KEY (cid, car))
       WITHOUT ROWID""",
)
_ADD: Final = """
    INSERT INTO copies VALUES (?, ?, ?, ?) ON CONFLICT (cid, car) DO UPDATE
    SET source = excluded.source, position = excluded.position
    WHERE (excluded.source, excluded.position) < (source, position)"""
_FIND: Final = "SELECT source, position FROM copies WHERE cid = ? AND car = ?"


def index_copies(work_dir: Path, batches: Iterable[pa.RecordBatch]) -> Path:
    """Write down which copies of events are known.

    Args:
        work_dir: where the index goes, about 150 bytes for each copy.
        batches: have `COPY_COLUMNS`.

    Raises:
        OutsideError: the folder can't be written.
    """

    def fill(db: sqlite3.Connection) -> None:
        for batch in batches:
            rows = to_rows(batch.select(COPY_COLUMNS))
            db.executemany(_ADD, ((cid, _digest(car), *origin) for cid, car, *origin in rows))

    return build_index(work_dir, _SCHEMA, fill)


@with_input_types(pa.RecordBatch)
@with_output_types(pa.RecordBatch)
class DropKnown(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[pa.RecordBatch]]):
    """Leave out of batches of `RAW_EVENTS` the copies that an index has.

    A copy from an earlier place of the sources stays: by it `rejected` tells where an event came from.

    Args:
        index: made by `index_copies`.
    """

    def __init__(self, index: Path) -> None:
        super().__init__()
        self._index = str(index)

    def expand(self, raw: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[pa.RecordBatch]:
        """One look for each event."""
        return raw | "Drop" >> beam.ParDo(_Drop(self._index)).with_output_types(pa.RecordBatch)

    def display_data(self) -> dict[str, Any]:
        """Which index."""
        return {"index": self._index}


class _Drop(beam.DoFn):
    def __init__(self, index: str) -> None:
        self._path = index

    def setup(self) -> None:
        self._stack = ExitStack()
        with passed_on():
            self._db = self._stack.enter_context(read_index(Path(self._path)))

    def teardown(self) -> None:
        self._stack.close()

    def process(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        columns = [batch.column(name).to_pylist() for name in COPY_COLUMNS]
        new = [not self._knows(*row) for row in zip(*columns, strict=True)]
        metrics.count(metrics.DUPLICATES, len(new) - sum(new))
        if any(new):
            yield batch.filter(pa.array(new))

    def _knows(self, cid: bytes | None, car: bytes, source: str, position: int) -> bool:
        found: Any = None if cid is None else self._db.execute(_FIND, (cid, _digest(car))).fetchone()
        return found is not None and found <= (source, position)


def _digest(car: bytes) -> bytes:
    return blake2b(car, digest_size=16).digest()
