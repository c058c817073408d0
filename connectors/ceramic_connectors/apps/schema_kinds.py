"""From a property's JSON Schema to the kind of its column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from ceramic_connectors.apps.kinds import Kind
from ceramic_protocol.limits import MAX_KIND_STEPS

_Types: TypeAlias = frozenset[str] | None
"""JSON types that a value may have, null aside; None if nothing is said of them."""

_KINDS: Final = {
    frozenset({"string"}): Kind.TEXT,
    frozenset({"integer"}): Kind.BIGINT,
    frozenset({"number"}): Kind.DOUBLE,
    frozenset({"integer", "number"}): Kind.DOUBLE,
    frozenset({"boolean"}): Kind.BOOLEAN,
}


def kind_of(schema: object, root: Mapping[str, Any]) -> Kind:
    """The kind of column for values of a schema: JSON unless all of them are of one simple type.

    Args:
        schema: the property's schema, of whatever form.
        root: the model's schema, where references lead to.
    """
    types = _Reader(root).types(schema)
    return Kind.JSON if types is None else _KINDS.get(types, Kind.JSON)


class _Reader:
    """Reads one property's schema, with a bound on references and alternatives followed."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._steps = 0

    def types(self, schema: object) -> _Types:
        self._steps += 1
        if not isinstance(schema, dict) or self._steps > MAX_KIND_STEPS:
            return None
        found = _named(schema.get("type"))
        if "$ref" in schema:
            found = _both(found, self.types(self._target(schema["$ref"])))
        for part in _list(schema.get("allOf")):
            found = _both(found, self.types(part))
        for name in ("anyOf", "oneOf"):
            if _list(schema.get(name)):
                found = _both(found, self._any_of(schema[name]))
        return _of_values(schema) if found is None else found

    def _any_of(self, parts: Iterable[object]) -> _Types:
        found: frozenset[str] = frozenset()
        for part in parts:
            types = self.types(part)
            if types is None:
                return None
            found |= types
        return found

    def _target(self, reference: object) -> object:
        """What a reference within the schema refers to (RFC 6901 in a URI fragment); None for others."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: object = self._root
        for token in reference[1:].split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found


def _named(types: object) -> _Types:
    names = types if isinstance(types, list) else [types]
    if not names or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(names) - {"null"}


def _both(left: _Types, right: _Types) -> _Types:
    if left is None or right is None:
        return right if left is None else left
    return frozenset(name for name in left | right if _has(left, name) and _has(right, name))


def _has(types: frozenset[str], name: str) -> bool:
    return name in types or (name == "integer" and "number" in types)


def _of_values(schema: Mapping[str, Any]) -> _Types:
    """The types of the only values there may be."""
    values = [schema["const"]] if "const" in schema else _list(schema.get("enum"))
    types = {_type_of(value) for value in values}
    return frozenset(types) - {"null"} if types else None


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", type(None): "null"}
    return names.get(type(value), "object")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
