"""Tables of applications in PostgreSQL, in a schema of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from ceramic_connectors.apps.database import first_line
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.naming import clip, quote
from ceramic_connectors.apps.postgres_url import connection_settings
from ceramic_connectors.apps.sql_store import SqlStore
from ceramic_protocol.errors import OutsideError, UsageError

if TYPE_CHECKING:
    import psycopg

SCHEMA: Final = "ceramic"
"""The schema unless another one is named."""


class PostgresStore(SqlStore):
    """An `AppStore` in PostgreSQL 12 or later. Several may write to one schema, each in turn."""

    @classmethod
    def open(cls, url: str, *, schema: str = SCHEMA, read_only: bool = False) -> Self:
        """Connect, and make the schema if need be.

        Args:
            url: `postgres://USER@HOST:PORT/DATABASE`; what it leaves out comes from PGHOST, PGUSER,
                PGPASSWORD and so on, or from the password file, as with psql.
            schema: holds all tables.
            read_only: whether to leave everything as it is.

        Raises:
            UsageError: psycopg isn't installed, the URL makes no sense, or the database isn't in UTF-8.
            OutsideError: the server can't be reached or refuses.
        """
        return cls(PostgresDatabase(url, schema, read_only=read_only), read_only=read_only)


class PostgresDatabase:
    """See `database.Database`."""

    # Text is compared by its bytes, as in DuckDB, whatever the language of the database.
    types: Mapping[Kind, str] = {
        Kind.TEXT: 'text COLLATE "C"',
        Kind.BIGINT: "bigint",
        Kind.DOUBLE: "double precision",
        Kind.BOOLEAN: "boolean",
        Kind.JSON: "jsonb",
        Kind.DOCUMENT: "json",
        Kind.TIME: "timestamptz",
    }

    def __init__(self, url: str, schema: str, *, read_only: bool) -> None:
        """Connect, and make the schema if need be; raises as `PostgresStore.open`."""
        settings = connection_settings(url)
        import psycopg

        self._schema = schema
        self._error = psycopg.Error
        try:
            self._connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
                **settings, autocommit=True, cursor_factory=psycopg.RawCursor
            )
        except psycopg.Error as error:
            raise OutsideError(f"can't connect to PostgreSQL: {first_line(error)}") from None
        try:
            self._prepare(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def _prepare(self, *, read_only: bool) -> None:
        ((encoding,),) = self.execute("SHOW server_encoding")
        if encoding != "UTF8":
            msg = f"the database is in {encoding}: make one with CREATE DATABASE … ENCODING 'UTF8'"
            raise UsageError(msg)
        self.execute("SET client_encoding = 'UTF8'")
        if read_only:
            self.execute("SET default_transaction_read_only = on")
        elif not self.execute("SELECT 1 FROM pg_namespace WHERE nspname = $1", [self._schema]):
            with self.transaction():
                self.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(self._schema)}")
        self.execute(f"SET search_path = {quote(self._schema)}")

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Database.execute`."""
        try:
            cursor = self._connection.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []
        except self._error as error:
            raise OutsideError(f"PostgreSQL failed: {first_line(error)}") from error

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Add many rows to a table; gives how many they were. What the rows raise ends it."""
        sql = f"COPY {quote(table)} ({', '.join(map(quote, columns))}) FROM STDIN"
        number = 0
        try:
            with self._connection.cursor().copy(sql.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
                    number += 1
        except self._error as error:
            raise OutsideError(f"PostgreSQL failed: {first_line(error)}") from error
        return number

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database.transaction`."""
        try:
            with self._connection.transaction():
                # Between the look at versions and the change of rows nobody else may write.
                self.execute(
                    "SELECT pg_advisory_xact_lock(hashtext($1))", [f"ceramic-streams {self._schema}"]
                )
                yield
        except self._error as error:
            raise OutsideError(f"PostgreSQL failed: {first_line(error)}") from error

    def add_index(self, table: str, columns: Sequence[str], *, equality: bool = False) -> None:
        """See `Database.add_index`."""
        # Only a hash index takes values of any length; a DID may have more than the 2,700 bytes of a B-tree.
        method = "hash" if equality else "btree"
        name = clip("_".join((table, *columns, "idx")))
        listed = ", ".join(map(quote, columns))
        self.execute(f"CREATE INDEX IF NOT EXISTS {quote(name)} ON {quote(table)} USING {method} ({listed})")

    def close(self) -> None:
        """See `Database.close`."""
        self._connection.close()
