"""From what DuckDB gives to what clients get: types, names of parts, and sizes of messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from ceramic_node.sql.schemas import COLUMN_TYPES
from ceramic_protocol.limits import MAX_SQL_MESSAGE_BYTES

_ITEM: Final = "item"


def answer_schema(found: pa.Schema, required: frozenset[str]) -> pa.Schema:
    """The schema that clients get, with lists and maps as ceramic-one names their parts.

    Args:
        found: that of DuckDB.
        required: columns that are never null.
    """
    return pa.schema([_field(field, required) for field in found])


def _field(field: pa.Field, required: frozenset[str]) -> pa.Field:
    known = COLUMN_TYPES.get(field.name)
    kind = _type(field.type)
    if known is not None and known != kind and _is_like(known, kind):
        kind = known
    return pa.field(field.name, kind, field.name not in required)


def _type(kind: Any) -> Any:
    if pa.types.is_list(kind):
        return pa.list_(pa.field(_ITEM, _type(kind.value_type)))
    return kind


def _is_like(known: Any, kind: Any) -> bool:
    """Whether these are the same but for whether items may be null."""
    return bool(pa.types.is_list(known) and pa.types.is_list(kind) and known.value_type == kind.value_type)


def converted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows under another schema of the same types."""
    columns = [
        column if column.type == field.type else _converted(column, field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _converted(column: Any, kind: Any) -> Any:
    """The same buffers under other names of parts."""
    if pa.types.is_list(kind):
        values = column.values
        if values.type != kind.value_type:
            values = _converted(values, kind.value_type)
        buffers = column.buffers()[:2]
        return pa.Array.from_buffers(
            kind, len(column), buffers, column.null_count, column.offset, children=[values]
        )
    return column.cast(kind)


def in_messages(batch: pa.RecordBatch, size: int = MAX_SQL_MESSAGE_BYTES) -> Iterator[pa.RecordBatch]:
    """Rows in pieces of about that many bytes, none without rows."""
    if not batch.num_rows:
        return
    rows = max(1, min(batch.num_rows, batch.num_rows * size // max(1, batch.nbytes)))
    for start in range(0, batch.num_rows, rows):
        piece = batch.slice(start, rows)
        if piece.num_rows > 1 and piece.nbytes > 2 * size:
            yield from in_messages(piece.slice(0, piece.num_rows // 2), size)
            yield from in_messages(piece.slice(piece.num_rows // 2), size)
        else:
            yield piece
