"""Avro schemas of records, from their field lists in `ceramic_protocol.records`.

What may be null or is a list has a default, so that a field that comes later breaks no reader: those who
don't know it leave it out, and those who do find the default in older records.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ceramic_connectors.records.rows import LIST, NESTED
from ceramic_protocol.records import SOURCE
from ceramic_protocol.tables import Field, Table

NAMESPACE: Final = "ceramic"
"""Of all records; with the name of the table it is what readers know a record by, in every version."""

_TYPES: Final = {"utf8": "string", "binary": "bytes", "bool": "boolean", "int64": "long"}


def avro_schema(table: Table) -> str:
    """The schema of a table's records as JSON, always the same text for the same fields.

    Raises:
        KeyError: a field has a type that records don't have.
    """
    return json.dumps(_record(table), ensure_ascii=False, separators=(",", ":"))


def _record(table: Table) -> dict[str, Any]:
    fields = [_field(field) for field in table.fields]
    return {"type": "record", "name": table.name, "namespace": NAMESPACE, "fields": fields}


def _field(field: Field) -> dict[str, Any]:
    kind = _kind(field.type)
    said: dict[str, Any] = {
        "name": field.name,
        "type": ["null", kind] if field.nullable else kind,
        "doc": field.doc,
    }
    if field.nullable:
        said["default"] = None
    elif field.type == LIST:
        said["default"] = []
    return said


def _kind(name: str) -> str | dict[str, Any]:
    if name == NESTED:
        return _record(SOURCE)
    if name == LIST:
        return {"type": "array", "items": "string"}
    return _TYPES[name]
