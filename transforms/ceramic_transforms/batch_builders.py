"""Collecting rows until there are enough for a record batch of bounded size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

import pyarrow as pa

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_CID_BYTES
from ceramic_protocol.row_layout import STREAM_VALUES, Layout
from ceramic_transforms.batches import to_batch

_T = TypeVar("_T")

_LARGE: Final = {"car": 1, "data": 1, "said": 1, "raw": 1, "tips": MAX_CID_BYTES, "reverted": MAX_CID_BYTES}
"""Columns that may be large, with the bytes of an item."""


class _Builder(ABC, Generic[_T]):
    """Collects rows and hands out what is made of them."""

    def __init__(self, names: Sequence[str]) -> None:
        # What else a row has is small, and hardly differs from one to the next.
        self._large = [(index, _LARGE[name]) for index, name in enumerate(names) if name in _LARGE]
        self._rows: list[Sequence[Any]] = []
        self._bytes = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> Iterator[_T]:
        """Take rows; what is full with them."""
        for row in rows:
            self._rows.append(row)
            for index, weight in self._large:
                self._bytes += weight * len(row[index] or b"")
            if len(self._rows) >= MAX_BATCH_EVENTS or self._bytes >= MAX_BATCH_BYTES:
                yield self._full()

    def flush(self) -> _T | None:
        """What is left, if anything is."""
        return self._full() if self._rows else None

    def _full(self) -> _T:
        rows, self._rows, self._bytes = self._rows, [], 0
        return self._made_of(rows)

    @abstractmethod
    def _made_of(self, rows: Sequence[Sequence[Any]]) -> _T: ...


class BatchBuilder(_Builder[pa.RecordBatch]):
    """Makes batches of one schema, of rows in column order."""

    def __init__(self, schema: pa.Schema) -> None:
        """Start empty."""
        super().__init__(schema.names)
        self._schema = schema

    def _made_of(self, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
        return to_batch(self._schema, rows)


class TableBuilder(_Builder[dict[str, pa.RecordBatch]]):
    """Makes batches of all tables of a layout, by their names; each column once, whoever has it."""

    def __init__(self, layout: Layout) -> None:
        """Start empty."""
        super().__init__(["", *layout.names])
        self._names = layout.names
        self._tables = {
            table.name: (arrow_schema(table), layout.values_of(table)) for table, _renamed in layout.tables
        }
        self._types: dict[str, pa.DataType] = {}
        for schema, values in self._tables.values():
            self._types |= zip(values, schema.types, strict=True)

    def _made_of(self, rows: Sequence[Sequence[Any]]) -> dict[str, pa.RecordBatch]:
        streams, *columns = zip(*rows, strict=True)
        arrays = self._of_streams(streams)
        for name, column in zip(self._names, columns, strict=True):
            arrays[name] = pa.array(column, self._types[name])
        return {
            name: pa.RecordBatch.from_arrays([arrays[value] for value in values], schema=schema)
            for name, (schema, values) in self._tables.items()
        }

    def _of_streams(self, streams: Sequence[Sequence[Any]]) -> dict[str, pa.Array]:
        """The columns that all rows of a stream share, of each stream once and then repeated."""
        distinct = {id(stream): stream for stream in streams}
        places = dict(zip(distinct, range(len(distinct)), strict=True))
        indices = pa.array([places[id(stream)] for stream in streams], pa.int32())
        columns = zip(STREAM_VALUES, zip(*distinct.values(), strict=True), strict=True)
        return {
            name: pa.array(column, self._types[name]).take(indices)
            for name, column in columns
            if name in self._types
        }
