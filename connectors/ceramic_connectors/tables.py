"""Arrow schemas of the tables, from their field lists in `ceramic_protocol.tables` (api.md 3.2)."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from ceramic_protocol.tables import Table

_DIMENSIONS: Final = pa.map_(
    pa.field("key", pa.utf8(), nullable=False),
    pa.field("value", pa.dictionary(pa.int32(), pa.binary()), nullable=True),
    keys_sorted=False,
)
_TYPES: Final = {
    "uint64": pa.uint64(),
    "uint32": pa.uint32(),
    "uint8": pa.uint8(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "utf8": pa.utf8(),
    "binary": pa.binary(),
    "bool": pa.bool_(),
    "list<binary>": pa.list_(pa.field("item", pa.binary(), nullable=False)),
    "list<utf8>": pa.list_(pa.field("item", pa.utf8(), nullable=True)),
    "dimensions": _DIMENSIONS,
}


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table; without metadata, as ceramic-one's have none.

    Raises:
        KeyError: a field has a type that is not one of the tables'.
    """
    return pa.schema([pa.field(field.name, _TYPES[field.type], field.nullable) for field in table.fields])
