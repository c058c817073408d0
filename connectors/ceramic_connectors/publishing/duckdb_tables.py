"""The tables of an export in a file of DuckDB, in its own types for those of Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from ceramic_connectors.apps.duckdb_store import DuckDBDatabase, refuse_patterns
from ceramic_connectors.apps.naming import quote
from ceramic_connectors.publishing.sql_tables import SqlTables
from ceramic_protocol.tables import Table


class DuckDBTables(SqlTables):
    """See `opening.PublishedTables`. While one process writes to the file no other one can open it."""

    COLUMN_TYPES: ClassVar[Mapping[str, str]] = {
        "uint64": "UBIGINT",
        "uint32": "UINTEGER",
        "uint8": "UTINYINT",
        "int64": "BIGINT",
        "int32": "INTEGER",
        "utf8": "VARCHAR",
        "binary": "BLOB",
        "bool": "BOOLEAN",
        "list<binary>": "BLOB[]",
        "list<utf8>": "VARCHAR[]",
        "dimensions": "MAP(VARCHAR, BLOB)",
    }

    @classmethod
    def open(cls, path: Path, *, schema: str) -> Self:
        """Open a file, which is made if need be, and make the schema.

        Raises:
            UsageError: DuckDB isn't installed.
            OutsideError: the file can't be opened, or is no database of DuckDB.
        """
        database = DuckDBDatabase(str(path), read_only=False)
        try:
            database.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}")
            database.execute(f"SET schema = {_text(quote(schema))}")
        except BaseException:
            database.close()
            raise
        return cls(database, schema)

    def _load(self, table: Table, path: Path, number: int) -> int:
        refuse_patterns(path)
        names = ", ".join(map(quote, table.names))
        sql = f"INSERT INTO {table.name} SELECT {names}, $2 FROM read_parquet($1, hive_partitioning = false)"
        ((rows,),) = self._database.execute(sql, [str(path), number])
        return int(rows)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
