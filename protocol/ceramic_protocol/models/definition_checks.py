"""What the members of a model's definition have to do with one another (consensus.md 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ceramic_protocol.models.json_pointers import at_place
from ceramic_protocol.models.members import refuse

_FIELD_TYPES: Final = ("boolean", "integer", "number", "string")


def check_closed(schema: Mapping[str, Any]) -> None:
    """Refuse whatever has the type object, at any depth and wherever it stands, and allows other properties.

    Raises:
        DecodeError: `model_invalid`.
    """
    stack: list[Any] = [schema]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            if item.get("type") == "object" and item.get("additionalProperties") is not False:
                refuse("an object in the schema has no additionalProperties: false")
            stack += item.values()


def check_set_fields(fields: Iterable[str], schema: Mapping[str, Any]) -> None:
    """Refuse fields of a set that are missing, optional, or of a type that can't be part of a name.

    Raises:
        DecodeError: `model_invalid`.
    """
    names = list(fields)
    if not names:
        refuse("a set without fields")
    properties, required = schema.get("properties", {}), schema.get("required", [])
    for name in names:
        field = properties.get(name)
        if isinstance(field, dict) and field.get("$ref") is not None:
            field = at_place(schema, field["$ref"])
        kind = field.get("type") if isinstance(field, dict) else None
        if not isinstance(kind, str) or kind not in _FIELD_TYPES:
            refuse(f"field {name[:80]!r} of a set has none of the types {', '.join(_FIELD_TYPES)}")
        if name not in required:
            refuse(f"field {name[:80]!r} of a set is not required")


def check_views(views: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuse a view with the name of a property.

    Raises:
        DecodeError: `model_invalid`.
    """
    if views and "properties" not in schema:
        refuse("views beside a schema without properties")
    for name in views:
        if name in schema["properties"]:
            refuse(f"view {name[:80]!r} has the name of a property")


def check_interface(views: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuse an interface that demands nothing.

    Raises:
        DecodeError: `model_invalid`.
    """
    if not schema.get("properties") and not views:
        refuse("an interface without a property or a view")
