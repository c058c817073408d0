"""Schemas of other writers: used to read only if no bytes can make the reader hang or fill the memory.

fastavro reads an array of nulls as long as the bytes say, and follows a schema into itself until the stack
ends. Here every value takes a byte at least, and no schema is nested deeper than `MAX_AVRO_SCHEMA_DEPTH`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ceramic_connectors.records.errors import RecordError
from ceramic_protocol import strict_json
from ceramic_protocol.limits import MAX_AVRO_SCHEMA_BYTES, MAX_AVRO_SCHEMA_DEPTH
from ceramic_protocol.plain_text import plain

_PRIMITIVES: Final = frozenset({"boolean", "int", "long", "float", "double", "bytes", "string"})
_INNER: Final = {"array": "items", "map": "values"}
_MAX_MESSAGE: Final = 200


def parse_writer_schema(text: str) -> dict[str, Any]:
    """A schema in the form that fastavro reads with.

    Raises:
        RecordError: it is none, or one that isn't safe to read with.
    """
    from fastavro.schema import SchemaParseException, parse_schema

    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_AVRO_SCHEMA_BYTES:
        raise RecordError(
            f"a schema of {len(data)} bytes isn't read with; the limit is {MAX_AVRO_SCHEMA_BYTES}"
        )
    try:
        schema = strict_json.load(data)
        if not isinstance(schema, dict):
            raise RecordError("the schema of a record is not that of a record")
        parsed = parse_schema(schema)
        if not isinstance(parsed, dict) or parsed.get("type") != "record":
            raise RecordError("the schema of a record is not that of a record")
        _Walk().depth(parsed)
    except (
        SchemaParseException,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise RecordError(f"a schema can't be read: {plain(str(error), _MAX_MESSAGE)}") from None
    return parsed


class _Walk:
    """A walk through a parsed schema, which has full names."""

    def __init__(self) -> None:
        self._depths: dict[str, int] = {}

    def depth(self, schema: Any, *, in_union: bool = False) -> int:
        """How deep it is nested.

        Raises:
            RecordError: too deep, within itself, or with a value that takes no byte.
        """
        depth = self._depth(schema, in_union)
        if depth > MAX_AVRO_SCHEMA_DEPTH:
            raise RecordError(f"a schema is nested deeper than {MAX_AVRO_SCHEMA_DEPTH}")
        return depth

    def _depth(self, schema: Any, in_union: bool) -> int:
        if isinstance(schema, list):
            return 1 + max((self.depth(branch, in_union=True) for branch in schema), default=0)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(kind, dict | list):
            return 1 + self.depth(kind, in_union=in_union)
        if kind in _PRIMITIVES or (kind == "null" and in_union):
            return 1
        if kind in self._depths:
            return 1 + self._depths[kind]
        if not isinstance(schema, dict):
            raise RecordError(
                f"a schema has {plain(str(kind), _MAX_MESSAGE)} within itself or without a byte"
            )
        return self._of_its_own(kind, schema)

    def _of_its_own(self, kind: str, schema: Mapping[str, Any]) -> int:
        if kind in _INNER:
            return 1 + self.depth(schema[_INNER[kind]])
        # A name counts only from here on, as what stands within would lead back to it.
        if kind == "record" and schema["fields"]:
            found = 1 + max(self.depth(field["type"]) for field in schema["fields"])
        elif kind == "enum" or (kind == "fixed" and schema["size"] > 0):
            found = 1
        else:
            raise RecordError(
                f"a schema has a {plain(kind, _MAX_MESSAGE)} that takes no byte, or isn't known"
            )
        self._depths[schema["name"]] = found
        return found
