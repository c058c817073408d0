"""Iceberg's schemas of the tables, and rows of exported Parquet as these schemas have them.

Iceberg has signed integers only: `uint64` and `uint32` are `long`, and a number beyond 2^63 is refused. Where
the export is partitioned, its keys are columns, as readers of Hive's partitions see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Final

import pyarrow as pa
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
)

from ceramic_protocol.errors import OutsideError
from ceramic_protocol.tables import (
    CONCLUSION_EVENTS,
    EVENT_STATES,
    REJECTED,
    STREAM_STATES,
    STREAM_TIPS,
    Table,
)

_PLAIN: Final[dict[str, IcebergType]] = {
    "uint64": LongType(),
    "uint32": LongType(),
    "uint8": IntegerType(),
    "int64": LongType(),
    "int32": IntegerType(),
    "utf8": StringType(),
    "binary": BinaryType(),
    "bool": BooleanType(),
}
_ROW_KEYS: Final = {
    CONCLUSION_EVENTS: "event_cid",
    EVENT_STATES: "event_cid",
    STREAM_TIPS: "stream_cid",
    STREAM_STATES: "stream_cid",
}
"""What tells rows apart. Of what was rejected every copy is kept, so there nothing does."""


def iceberg_schema(table: Table, keys: Sequence[str]) -> Schema:
    """The schema of a table.

    Args:
        table: one of the five.
        keys: what the export is partitioned by.
    """
    numbers = count(1)
    fields = [
        NestedField(
            next(numbers),
            field.name,
            _type(field.type, numbers),
            required=not field.nullable,
            doc=field.doc,
        )
        for field in table.fields
    ]
    fields += [
        NestedField(next(numbers), key, StringType(), doc="partition of the export")
        for key in partition_keys(table, keys)
        if key not in table.names
    ]
    identified = [field.field_id for field in fields if field.name == _ROW_KEYS.get(table)]
    return Schema(*fields, identifier_field_ids=identified)


def partition_keys(table: Table, keys: Sequence[str]) -> Sequence[str]:
    """What a table is partitioned by: `rejected` never is."""
    return () if table is REJECTED else keys


def partition_spec(schema: Schema, keys: Sequence[str]) -> PartitionSpec:
    """Partitions by the values of these columns."""
    fields = [
        PartitionField(
            schema.find_field(key).field_id, PARTITION_FIELD_ID_START + number, IdentityTransform(), key
        )
        for number, key in enumerate(keys)
    ]
    return PartitionSpec(*fields)


def shape(schema: Schema) -> list[tuple[str, str, bool]]:
    """What two schemas have in common if they hold the same rows: names, types, and what may be null."""
    return [(field.name, str(field.field_type), field.required) for field in schema.fields]


def rows_as(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], partition: dict[str, str | None], place: str
) -> Iterator[pa.RecordBatch]:
    """Batches of exported Parquet with the columns of a schema.

    Args:
        schema: Iceberg's, as Arrow has it.
        batches: as they were exported.
        partition: values of the columns that stand in folders' names and not in the file.
        place: the file, for a sentence.

    Raises:
        OutsideError: a number is beyond what Iceberg has.
    """
    for batch in batches:
        columns = [_column(batch, field, partition, place) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(batch: pa.RecordBatch, field: pa.Field, partition: dict[str, str | None], place: str) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.array([partition.get(field.name)] * batch.num_rows, field.type)
    try:
        return batch.column(field.name).cast(field.type)
    except pa.ArrowInvalid as error:
        msg = f"{field.name} in {place} has a value that Iceberg's {field.type} can't hold: {error}"
        raise OutsideError(msg) from error


def _type(name: str, numbers: Iterator[int]) -> IcebergType:
    if name == "dimensions":
        return MapType(next(numbers), StringType(), next(numbers), BinaryType(), value_required=False)
    if name.startswith("list<"):
        item = name.removeprefix("list<").removesuffix(">")
        return ListType(next(numbers), _PLAIN[item], element_required=item == "binary")
    return _PLAIN[name]
