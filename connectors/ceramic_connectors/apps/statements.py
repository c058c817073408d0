"""SQL that DuckDB and PostgreSQL understand alike; only the names of types differ.

Values go in as parameters `$1`, `$2`, … always, names of tables and columns quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ceramic_connectors.apps.columns import Column
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.naming import quote

_CARRIED_AS: Final = {
    Kind.TEXT: "text",
    Kind.JSON: "text",
    Kind.DOCUMENT: "text",
    Kind.BIGINT: "bigint",
    Kind.TIME: "bigint",
    Kind.DOUBLE: "float8",
    Kind.BOOLEAN: "boolean",
}


def create_table(types: Mapping[Kind, str], name: str, columns: Iterable[Column]) -> str:
    """Make a table, unless it is there, whose first column is its key."""
    first, *others = (f"{quote(column.name)} {types[column.kind]}" for column in columns)
    return f"CREATE TABLE IF NOT EXISTS {quote(name)} ({', '.join([f'{first} PRIMARY KEY', *others])})"


def add_column(types: Mapping[Kind, str], table: str, column: Column) -> str:
    """Add a column, null at first."""
    return f"ALTER TABLE {quote(table)} ADD COLUMN {quote(column.name)} {types[column.kind]}"


def drop_column(table: str, column: str) -> str:
    """Remove a column."""
    return f"ALTER TABLE {quote(table)} DROP COLUMN {quote(column)}"


def rename_table(table: str, name: str) -> str:
    """Give a table another name."""
    return f"ALTER TABLE {quote(table)} RENAME TO {quote(name)}"


def upsert(types: Mapping[Kind, str], table: str, columns: Sequence[Column]) -> str:
    """Put in rows, or new values for rows whose key, the first column, is there.

    The parameters are lists, one per column, of the values as they are carried (`records`).
    """
    names = [quote(column.name) for column in columns]
    carried = ", ".join(
        f"unnest(CAST(${number} AS {_CARRIED_AS[column.kind]}[])) AS c{number}"
        for number, column in enumerate(columns, 1)
    )
    values = ", ".join(_stored(types, column, f"c{number}") for number, column in enumerate(columns, 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    return (
        f"INSERT INTO {quote(table)} ({', '.join(names)}) SELECT {values} FROM (SELECT {carried}) AS rows "
        f"ON CONFLICT ({names[0]}) DO {action}"
    )


def delete(table: str) -> str:
    """Remove the rows of a list of streams."""
    return f"DELETE FROM {quote(table)} WHERE stream_id = ANY($1)"


def select(table: str, columns: Iterable[Column], rest: str = "") -> str:
    """Read columns as they are carried; `rest` is what follows the table's name."""
    values = ", ".join(carried(column.kind, quote(column.name)) for column in columns)
    return f"SELECT {values} FROM {quote(table)} {rest}"


def carried(kind: Kind, expression: str) -> str:
    """A stored value as it is carried: JSON as text, times as unix seconds."""
    if kind.is_json:
        return f"CAST({expression} AS TEXT)"
    return f"CAST(EXTRACT(EPOCH FROM {expression}) AS BIGINT)" if kind is Kind.TIME else expression


def columns_of(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as lists by column, for `upsert`."""
    return [list(values) for values in zip(*rows, strict=True)]


def _stored(types: Mapping[Kind, str], column: Column, expression: str) -> str:
    if column.kind.is_json:
        return f"CAST({expression} AS {types[column.kind]})"
    return f"to_timestamp({expression})" if column.kind is Kind.TIME else expression
