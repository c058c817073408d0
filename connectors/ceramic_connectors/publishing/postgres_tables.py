"""The tables of an export in PostgreSQL.

It has signed integers only: `uint64` and `uint32` are `bigint`, and a number beyond 2^63 is refused. Its
texts have no U+0000, for which U+FFFD stands, and instead of maps it has JSON: `dimensions` has its values in
base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from ceramic_connectors.apps.postgres_store import PostgresDatabase
from ceramic_connectors.parquet import read_batches
from ceramic_connectors.publishing.sql_tables import PART, SqlTables
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.tables import Table

_LAST_BIGINT: Final = (1 << 63) - 1


class PostgresTables(SqlTables):
    """See `opening.PublishedTables`. Several may publish to one schema, each in turn."""

    # Text is compared by its bytes, as in DuckDB, whatever the language of the database.
    COLUMN_TYPES: ClassVar[Mapping[str, str]] = {
        "uint64": "bigint",
        "uint32": "bigint",
        "uint8": "smallint",
        "int64": "bigint",
        "int32": "integer",
        "utf8": 'text COLLATE "C"',
        "binary": "bytea",
        "bool": "boolean",
        "list<binary>": "bytea[]",
        "list<utf8>": "text[]",
        "dimensions": "jsonb",
    }

    def __init__(self, database: PostgresDatabase, schema: str) -> None:
        super().__init__(database, schema)
        self._copying = database

    @classmethod
    def open(cls, url: str, *, schema: str) -> Self:
        """Connect, and make the schema if need be.

        Raises:
            UsageError: psycopg isn't installed, or the URL makes no sense.
            OutsideError: the server can't be reached or refuses.
        """
        return cls(PostgresDatabase(url, schema, read_only=False), schema)

    def _load(self, table: Table, path: Path, number: int) -> int:
        return self._copying.copy(table.name, (*table.names, PART), _rows(table, path, number))


def _rows(table: Table, path: Path, number: int) -> Iterator[list[Any]]:
    for batch in read_batches(path, table.names):
        columns = [
            _column(field.name, field.type, values.to_pylist(), path)
            for field, values in zip(table.fields, batch.columns, strict=True)
        ]
        for row in zip(*columns, strict=True):
            yield [*row, number]


def _column(name: str, kind: str, values: list[Any], path: Path) -> list[Any]:
    if kind == "uint64" and any(value is not None and value > _LAST_BIGINT for value in values):
        msg = f"{name} in {path} has a value that PostgreSQL's bigint can't hold"
        raise OutsideError(msg)
    change = _CHANGES.get(kind)
    return values if change is None else [None if value is None else change(value) for value in values]


def _text(value: str) -> str:
    return value.replace("\0", "\ufffd")


def _texts(values: list[str | None]) -> list[str | None]:
    return [None if value is None else _text(value) for value in values]


def _json(dimensions: list[tuple[str, bytes | None]]) -> str:
    found = {
        _text(name): None if value is None else base64.b64encode(value).decode() for name, value in dimensions
    }
    return json.dumps(found)


_CHANGES: Final[dict[str, Callable[[Any], Any]]] = {"utf8": _text, "list<utf8>": _texts, "dimensions": _json}
