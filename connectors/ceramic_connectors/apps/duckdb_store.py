"""Tables of applications in DuckDB: in a file, or in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self

from ceramic_connectors.apps.database import first_line
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.sql_store import SqlStore
from ceramic_protocol.errors import OutsideError, UsageError

MEMORY: Final = ":memory:"
"""In place of a file's name: tables that are gone with the store."""

DUCKDB_TYPES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "VARCHAR",
    Kind.BIGINT: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.JSON: "JSON",
    Kind.DOCUMENT: "JSON",
    Kind.TIME: "TIMESTAMPTZ",
}
"""Names of the types of columns."""

_PATTERN: Final = re.compile(r"[*?\[]")


class DuckDBStore(SqlStore):
    """An `AppStore` in DuckDB. One process at a time may write to a file; use the store from one thread."""

    @classmethod
    def open(cls, path: Path | str = MEMORY, *, read_only: bool = False) -> Self:
        """Open a file, which is made if need be.

        Args:
            path: the file, or `MEMORY`.
            read_only: whether to leave it as it is; several processes may have it open then.

        Raises:
            UsageError: DuckDB isn't installed.
            OutsideError: the file can't be opened, or is no database of DuckDB.
        """
        return cls(DuckDBDatabase(str(path), read_only=read_only), read_only=read_only)


class DuckDBDatabase:
    """See `database.Database`."""

    types = DUCKDB_TYPES

    def __init__(self, path: str, *, read_only: bool) -> None:
        """Open a file, which is made if need be, or `MEMORY`; raises as `DuckDBStore.open`."""
        self._duckdb = import_duckdb()
        try:
            self._connection = self._duckdb.connect(path, read_only=read_only)
        except self._duckdb.Error as error:
            raise OutsideError(f"can't open {path}: {first_line(error)}") from error

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Database.execute`."""
        try:
            rows: list[tuple[Any, ...]] = self._connection.execute(sql, list(values)).fetchall()
        except self._duckdb.Error as error:
            raise OutsideError(f"DuckDB failed: {first_line(error)}") from error
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database.transaction`."""
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            self._connection.execute("ROLLBACK")
        except self._duckdb.Error:
            # A commit that failed has ended the transaction already; its own error says why.
            return

    def add_index(self, table: str, columns: Sequence[str], *, equality: bool = False) -> None:
        """Nothing: DuckDB scans fast, and its indexes stand in the way of changes to a table."""

    def close(self) -> None:
        """See `Database.close`."""
        self._connection.close()


def refuse_patterns(path: Path) -> None:
    """See to it that DuckDB reads this path and not those that it would match.

    Raises:
        UsageError: it has a sign of patterns.
    """
    if _PATTERN.search(str(path)):
        msg = f"DuckDB takes {path} for a pattern: rename the folder, without *, ? and ["
        raise UsageError(msg)


def import_duckdb() -> ModuleType:
    """The module.

    Raises:
        UsageError: it isn't installed.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        msg = f"this needs {error.name}: install it with pip install 'ceramic-streams[sql]'"
        raise UsageError(msg) from error
    module: ModuleType = duckdb
    return module
