"""The database of DuckDB behind SQL: read-only for queries, without files or network, and within bounds."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import duckdb

from ceramic_node.sql.ddl import MACROS, NODE, TABLE_DDL, VERSION, views
from ceramic_node.sql.functions import add_functions
from ceramic_node.sql.schemas import CATALOG, SCHEMA
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import SQL_MEMORY, SQL_SPILL, SQL_THREADS

_LOG: Final = logging.getLogger("ceramic.sql")
_IN_MEMORY: Final = ":memory:"


class MirrorHead(NamedTuple):
    """How far the tables have come.

    Attributes:
        generation: that of the store of states that they were taken from.
        number: that of its last change.
        frontier: position in the feed up to which all events had been judged.
        is_complete: whether they ever had all that there was at one moment.
    """

    generation: str
    number: int
    frontier: int
    is_complete: bool


class Database:
    """One writer, see `Mirror`, and any number of readers."""

    def __init__(
        self,
        path: Path | None,
        *,
        memory: str = SQL_MEMORY,
        spill: str = SQL_SPILL,
        threads: int = SQL_THREADS,
    ) -> None:
        """Open the file, or make one; without a path it lasts as long as the process.

        Args:
            path: the file. If it isn't what this version makes, or is damaged, it is replaced.
            memory: what all queries together may take, such as `512MB`.
            spill: what they may put on disk beside that.
            threads: of DuckDB.

        Raises:
            OutsideError: it can't be used, or another process has it open.
        """
        self._spill = tempfile.TemporaryDirectory(prefix=".sql-", dir=None if path is None else path.parent)
        try:
            self._root = self._connect(memory, spill, threads)
            self._attach(path)
            self._prepare()
        except duckdb.Error as error:
            self._spill.cleanup()
            raise OutsideError(f"can't open the tables for SQL: {error}") from error
        except BaseException:
            self._spill.cleanup()
            raise

    def _connect(self, memory: str, spill: str, threads: int) -> Any:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": self._spill.name,
            "max_temp_directory_size": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "allow_persistent_secrets": False,
            "allow_community_extensions": False,
        }
        return duckdb.connect(_IN_MEMORY, config=settings)

    def _attach(self, path: Path | None) -> None:
        place = _IN_MEMORY if path is None else str(path)
        try:
            self._try_attach(place)
        except duckdb.Error as error:
            if path is None or "lock" in str(error).lower():
                raise
            _LOG.warning("the tables for SQL are made anew: %s", str(error).split("\n", 1)[0])
            self._root.execute(f"DETACH DATABASE IF EXISTS {CATALOG}")
            for file in (path, Path(f"{path}.wal")):
                file.unlink(missing_ok=True)
            self._try_attach(place)

    def _try_attach(self, place: str) -> None:
        quoted = place.replace("'", "''")
        self._root.execute(f"ATTACH '{quoted}' AS {CATALOG}")
        asked = "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1"
        if not self._root.execute(asked, [CATALOG]).fetchall()[0][0]:
            for statement in TABLE_DDL:
                self._root.execute(statement)
        version = self._root.execute(f"SELECT version FROM {NODE}.head").fetchall()[0][0]  # noqa: S608
        if version != VERSION:
            raise duckdb.InvalidInputException(f"version {version}")

    def _prepare(self) -> None:
        add_functions(self._root)
        for macro in MACROS:
            self._root.execute(f"CREATE OR REPLACE MACRO {CATALOG}.{SCHEMA}.{macro}")
        for name, query in views().items():
            self._root.execute(f"CREATE OR REPLACE VIEW {CATALOG}.{SCHEMA}.{name} AS {query}")
        # From here on nothing but the file itself can be opened, and nobody can change that.
        self._root.execute("SET enable_external_access = false")
        self._root.execute("SET lock_configuration = true")

    def writer(self) -> Any:
        """A connection that may write."""
        return self._root.cursor()

    def reader(self) -> Any:
        """A connection for one query; whoever gets it begins a read-only transaction before anything else."""
        connection = self._root.cursor()
        connection.execute(f"USE {CATALOG}.{SCHEMA}")
        return connection

    def head(self) -> MirrorHead:
        """How far the tables have come."""
        cursor = self._root.cursor()
        try:
            return read_head(cursor)
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of everything; queries that run end with errors."""
        self._root.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_head(connection: Any) -> MirrorHead:
    """How far the tables have come, within the transaction that is under way."""
    asked = f"SELECT generation, number, frontier, is_complete FROM {NODE}.head"  # noqa: S608
    return MirrorHead(*connection.execute(asked).fetchall()[0])
