"""The parameters of a statement and their types, which DuckDB tells only once it has values.

Clients need the types before: `@ceramic-sdk/flight-sql-client` gets all values as text, and makes bytes of
those (from multibase) that are to be compared with bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from ceramic_node.sql.failures import SqlRefused
from ceramic_node.sql.schemas import COLUMN_TYPES
from ceramic_node.sql.syntax import Tree, column_of, kind, nodes
from ceramic_protocol.limits import MAX_SQL_PARAMETERS

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_ARGUMENTS: Final = {
    "cid_string": pa.binary(),
    "stream_id_string": pa.binary(),
    "as_text": pa.binary(),
    "array_cid_string": pa.list_(pa.binary()),
    "array_stream_id_string": pa.list_(pa.binary()),
}
_ANSWERS: Final = {
    "cid_string": pa.utf8(),
    "stream_id_string": pa.utf8(),
    "dimension_extract": pa.binary(),
    "count_star": pa.int64(),
    "count": pa.int64(),
}
_CASTS: Final = {
    "blob": pa.binary(),
    "bytea": pa.binary(),
    "binary": pa.binary(),
    "bigint": pa.int64(),
    "int": pa.int64(),
    "integer": pa.int64(),
    "smallint": pa.int64(),
    "ubigint": pa.uint64(),
    "double": pa.float64(),
    "float": pa.float64(),
    "real": pa.float64(),
    "boolean": pa.bool_(),
}


def parameter_schema(tree: Tree) -> pa.Schema:
    """The parameters in the order of their numbers, named `$1` and so on.

    Raises:
        SqlRefused: they have names, or there are too many.
    """
    numbers = parameter_numbers(tree)
    types: dict[int, pa.DataType] = {}
    for part in nodes(tree):
        for parameter, found in _told_by(part):
            if kind(parameter) == "VALUE_PARAMETER" and found is not None:
                types.setdefault(_number(parameter), found)
    count = max(numbers, default=0)
    return pa.schema([(f"${number}", types.get(number, pa.utf8())) for number in range(1, count + 1)])


def parameter_numbers(tree: Tree) -> frozenset[int]:
    """The numbers of the parameters in a tree.

    Raises:
        SqlRefused: they have names, or there are too many.
    """
    return frozenset(_number(part) for part in nodes(tree) if kind(part) == "VALUE_PARAMETER")


def _number(part: Tree) -> int:
    name = str(part.get("identifier"))
    if not _NUMBER.fullmatch(name) or int(name) > MAX_SQL_PARAMETERS:
        raise SqlRefused(f"parameters are called $1 to ${MAX_SQL_PARAMETERS}, not {name[:50]!r}")
    return int(name)


def _told_by(part: Tree) -> Iterator[tuple[Any, pa.DataType | None]]:
    """What a part tells of the parameters directly in it."""
    if part.get("class") == "COMPARISON":
        sides = part.get("left"), part.get("right")
        yield sides[0], _type_of(sides[1])
        yield sides[1], _type_of(sides[0])
    elif part.get("class") == "BETWEEN":
        for bound in ("lower", "upper"):
            yield part.get(bound), _type_of(part.get("input"))
    elif kind(part) in {"COMPARE_IN", "COMPARE_NOT_IN"}:
        children = part.get("children") or [None]
        for child in children[1:]:
            yield child, _type_of(children[0])
    elif kind(part) == "LIMIT_MODIFIER":
        for bound in ("limit", "offset"):
            yield part.get(bound), pa.int64()
    elif kind(part) == "OPERATOR_CAST":
        yield part.get("child"), _CASTS.get(str(part["type_expr"].get("type_name", "")).lower())
    elif "function_name" in part:
        for argument in part.get("arguments") or ():
            yield argument.get("expression"), _ARGUMENTS.get(part["function_name"])


def _type_of(part: Any) -> pa.DataType | None:
    column = column_of(part)
    if column is not None:
        return COLUMN_TYPES.get(column)
    if kind(part) == "FUNCTION":
        return _ANSWERS.get(part["function_name"])
    return None


def values_of(batch: pa.RecordBatch, schema: pa.Schema) -> list[Any]:
    """Values of the parameters, by their names or, if they have others, in order.

    Raises:
        SqlRefused: there isn't one row, or it has not as many values as the statement.
    """
    if batch.num_rows != 1 or batch.num_columns != len(schema):
        rows, columns = batch.num_rows, batch.num_columns
        raise SqlRefused(
            f"the statement has {len(schema)} parameters: give one row of as many, not {rows} of {columns}"
        )
    is_named = set(batch.schema.names) == set(schema.names)
    columns = [batch.column(field.name if is_named else place) for place, field in enumerate(schema)]
    return [_value(column, field) for column, field in zip(columns, schema, strict=True)]


def _value(column: pa.Array, field: pa.Field) -> Any:
    # Text where a number belongs: what a client sends that took the type for text.
    if pa.types.is_string(column.type) and (
        pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    ):
        try:
            column = column.cast(field.type)
        except pa.ArrowInvalid as error:
            raise SqlRefused(f"{field.name} is no number: {error}") from None
    return column[0].as_py()
