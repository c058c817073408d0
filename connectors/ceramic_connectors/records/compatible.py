"""Whether records of one Avro schema can be read with another (Avro 1.12, schema resolution).

A registry judges for itself; a folder has nobody else. Fields are named with a default or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WIDER: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
"""What values of a type may be read as, beside the type itself."""


def fault(reader: Any, writer: Any, place: str = "") -> str | None:
    """Why a reader's schema can't do with what a writer's wrote; None if it can.

    Both as parsed JSON, without references to names and aliases, which the schemas of records don't have.
    """
    if isinstance(writer, list):
        return next(filter(None, (fault(reader, branch, place) for branch in writer)), None)
    if isinstance(reader, list):
        faults = [fault(branch, writer, place) for branch in reader]
        return f"{place or 'the record'} may be {_name(writer)}" if all(faults) else None
    wrote, reads = _name(writer), _name(reader)
    if wrote == reads == "record":
        return _of_records(reader, writer, place)
    if wrote == reads == "array":
        return fault(reader["items"], writer["items"], place)
    if reader == writer or reads in _WIDER.get(wrote, ()):
        return None
    return f"{place or 'the record'} was {wrote}, and is {reads}"


def _of_records(reader: Mapping[str, Any], writer: Mapping[str, Any], place: str) -> str | None:
    if reader["name"] != writer["name"]:
        return f"{place or 'the record'} was a {writer['name']}, and is a {reader['name']}"
    written = {field["name"]: field["type"] for field in writer["fields"]}
    for field in reader["fields"]:
        inner = f"{place}.{field['name']}" if place else field["name"]
        if field["name"] in written:
            found = fault(field["type"], written[field["name"]], inner)
        else:
            found = None if "default" in field else f"{inner} is new, and has no default"
        if found is not None:
            return found
    return None


def _name(schema: Any) -> str:
    return str(schema["type"]) if isinstance(schema, dict) else str(schema)
