"""Pieces of tables on their way to a file, as elements of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa
from apache_beam import coders

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.row_layout import EVENT_ROWS, STREAM_ROWS, Row
from ceramic_protocol.rows import StreamRows
from ceramic_protocol.tables import REJECTED, TABLES
from ceramic_transforms.batch_builders import BatchBuilder, TableBuilder
from ceramic_transforms.batches import RecordBatchCoder


class TablePart(NamedTuple):
    """A piece of a table: rows of one shard, in order by `sequence`."""

    table: str
    shard: int
    sequence: int
    batch: pa.RecordBatch


class TablePartCoder(coders.Coder):
    """Table parts with their batches as Arrow IPC."""

    def __init__(self) -> None:
        """Take the record batches' own coder."""
        self._place = coders.TupleCoder((coders.StrUtf8Coder(), coders.VarIntCoder(), coders.VarIntCoder()))
        self._pair = coders.TupleCoder((coders.BytesCoder(), RecordBatchCoder()))

    def encode(self, value: TablePart) -> bytes:
        """Place and batch."""
        return bytes(self._pair.encode((self._place.encode(value[:3]), value.batch)))

    def decode(self, encoded: bytes) -> TablePart:
        """The part again."""
        place, batch = self._pair.decode(encoded)
        table, shard, sequence = self._place.decode(place)
        return TablePart(table, shard, sequence, batch)

    def is_deterministic(self) -> bool:
        """Two equal batches may have different buffers."""
        return False


coders.registry.register_coder(TablePart, TablePartCoder)


class PartsOfShard:
    """Cuts the rows of a shard into parts of bounded size, per table."""

    def __init__(self, shard: int) -> None:
        self._shard = shard
        self._events = TableBuilder(EVENT_ROWS)
        self._streams = TableBuilder(STREAM_ROWS)
        self._refused = BatchBuilder(arrow_schema(REJECTED))
        self._sequence = dict.fromkeys((table.name for table in TABLES), 0)

    def add(self, rows: StreamRows) -> Iterator[TablePart]:
        """Take rows of the tables of what is valid; gives what is full."""
        for batches in self._events.add(rows.events):
            yield from self._parts(batches)
        for batches in self._streams.add(rows.streams):
            yield from self._parts(batches)

    def add_refused(self, rows: Iterable[Row]) -> Iterator[TablePart]:
        """Take rows of `rejected`; gives what is full."""
        for batch in self._refused.add(rows):
            yield from self._parts({REJECTED.name: batch})

    def flush(self) -> Iterator[TablePart]:
        """What is left."""
        for batches in (self._events.flush(), self._streams.flush()):
            yield from self._parts(batches or {})
        refused = self._refused.flush()
        if refused is not None:
            yield from self._parts({REJECTED.name: refused})

    def _parts(self, batches: Mapping[str, pa.RecordBatch]) -> Iterator[TablePart]:
        for name, batch in batches.items():
            self._sequence[name] += 1
            yield TablePart(name, self._shard, self._sequence[name], batch)
