"""Pieces of tables on their way to a file, as elements of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
from apache_beam import coders

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.rows import Row, StreamRows
from ceramic_protocol.tables import REJECTED, TABLES
from ceramic_transforms.batches import BatchBuilder, RecordBatchCoder


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
        self._builders = {table.name: BatchBuilder(arrow_schema(table)) for table in TABLES}
        self._sequence = dict.fromkeys(self._builders, 0)

    def add(self, rows: StreamRows) -> Iterator[TablePart]:
        """Take rows of the tables of what is valid; gives what is full."""
        for name in rows.__slots__:
            for batch in self._builders[name].add(getattr(rows, name)):
                yield self._part(name, batch)

    def add_refused(self, rows: Iterable[Row]) -> Iterator[TablePart]:
        """Take rows of `rejected`; gives what is full."""
        for batch in self._builders[REJECTED.name].add(rows):
            yield self._part(REJECTED.name, batch)

    def flush(self) -> Iterator[TablePart]:
        """What is left."""
        for name, builder in self._builders.items():
            batch = builder.flush()
            if batch is not None:
                yield self._part(name, batch)

    def _part(self, name: str, batch: pa.RecordBatch) -> TablePart:
        self._sequence[name] += 1
        return TablePart(name, self._shard, self._sequence[name], batch)
