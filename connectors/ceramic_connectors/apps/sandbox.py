"""SQL over an export, and over nothing else: DuckDB in memory, with views of the tables and of the models.

It reads the files of the export and no others, writes none, loads nothing, and keeps to a limit of memory
and of time. Only SELECT is let through: other statements, some within EXPLAIN too, could write to the files.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from ceramic_connectors.apps.binding import did_you_mean
from ceramic_connectors.apps.columns import ModelTable, plan_table
from ceramic_connectors.apps.database import first_line
from ceramic_connectors.apps.duckdb_store import DUCKDB_TYPES, import_duckdb, refuse_patterns
from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.apps.running import Clock, Result, error_words, unique_names
from ceramic_connectors.apps.statements import columns_of
from ceramic_connectors.apps.states import context_text
from ceramic_connectors.apps.typed_views import model_view, models_view, text
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, OutsideError, UsageError
from ceramic_protocol.limits import QUERY_MEMORY, QUERY_SECONDS
from ceramic_protocol.multibase import encode
from ceramic_protocol.tables import TABLES

_MEMORY: Final = re.compile(r"[1-9][0-9]{0,9}(\.[0-9]{1,3})? ?([KMGT]i?B)", re.IGNORECASE)
_BATCH_ROWS: Final = 2000
_NAMES: Final = "model_names"
_MISSING: Final = re.compile(r"Catalog Error: Table with name (\S+) does not exist")
_TOO_MUCH: Final = "this takes more memory than it may: narrow the query, or raise --memory"


class Sandbox:
    """Answers queries on one export. The view of a model is made when a query asks for it."""

    def __init__(self, export: ExportFolder, *, memory: str = QUERY_MEMORY) -> None:
        """Look at an export.

        Args:
            export: the folder.
            memory: how much DuckDB may use, such as `1GB`; sorting and the like may go to disk beyond that.

        Raises:
            UsageError: DuckDB isn't installed, or that is no size, or too little.
            OutsideError: a file can't be read.
        """
        if not _MEMORY.fullmatch(memory):
            msg = f"{memory!r} is no size of memory: give one such as 512MB or 4GB"
            raise UsageError(msg)
        refuse_patterns(export.path)
        self._duckdb = import_duckdb()
        self._spill = tempfile.TemporaryDirectory(prefix="ceramic-streams-")
        self.models: tuple[ModelTable, ...] = ()
        self._awaited: dict[str, ModelTable] = {}
        try:
            with self._failing_on_files(export):
                self._connection = self._connect(memory)
                self._make_views(export)
                self._lock(export)
        except BaseException:
            self._spill.cleanup()
            raise

    def _connect(self, memory: str) -> Any:
        settings = {
            "memory_limit": memory.replace(" ", ""),
            "temp_directory": self._spill.name,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "allow_persistent_secrets": False,
        }
        return self._duckdb.connect(":memory:", config=settings)

    def _make_views(self, export: ExportFolder) -> None:
        run = self._connection.execute
        run("SET TimeZone = 'UTC'")
        for name, function in (("cid", _cid), ("context", context_text)):
            self._connection.create_function(name, function, ["BLOB"], "VARCHAR", null_handling="special")
        for table in TABLES:
            files = ", ".join(text(str(file)) for file in export.files(table))
            run(f"CREATE VIEW {table.name} AS FROM read_parquet([{files}], hive_partitioning = false)")
        self.models = self._plan_models()
        self._awaited = {model.name: model for model in self.models}
        run(f"CREATE TABLE {_NAMES} (stream_id VARCHAR, table_name VARCHAR, name VARCHAR)")
        rows = [(model.model, model.name, model.model_name) for model in self.models]
        if rows:
            run(f"INSERT INTO {_NAMES} SELECT unnest($1), unnest($2), unnest($3)", columns_of(rows))
        run(f"CREATE VIEW models AS {models_view(_NAMES)}")

    def _plan_models(self) -> tuple[ModelTable, ...]:
        sql = "SELECT stream_id, decode(data) FROM stream_states WHERE stream_type = 2 ORDER BY stream_id"
        found: dict[str, ModelTable] = {}
        for model, data in self._connection.execute(sql).fetchall():
            table = plan_table(model, _content_of(data), found)
            found[table.name] = table
        return tuple(sorted(found.values(), key=lambda table: table.name))

    def _lock(self, export: ExportFolder) -> None:
        files = [str(file) for table in TABLES for file in export.files(table)]
        self._connection.execute("SET allowed_paths = $1", [files])
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def tables(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Names of all tables and views, each with names and types of its columns."""
        for name in (*(table.name for table in TABLES), "models"):
            rows = self._connection.execute(f"DESCRIBE {name}").fetchall()
            yield name, [(row[0], row[1]) for row in rows]
        for model in self.models:
            yield model.name, [(column.name, DUCKDB_TYPES[column.kind]) for column in model.columns]

    def run(self, sql: str, *, seconds: float = QUERY_SECONDS) -> Result:
        """Run one SELECT.

        Args:
            sql: the statement.
            seconds: how long DuckDB may work on it, beside the time in which nobody takes rows.

        Raises:
            UsageError: no SELECT or several, an error in it, or it takes too much memory or time; the rows
                raise it too.
            OutsideError: a file can't be read.
        """
        clock = Clock(self._connection, seconds)
        with self._failing(clock):
            self._check(sql)
            cursor = self._execute(sql, clock)
            description = cursor.description or []
        columns = unique_names([column[0] for column in description])
        return Result(columns, [str(column[1]) for column in description], self._rows(cursor, clock))

    def _check(self, sql: str) -> None:
        statements = self._connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != self._duckdb.StatementType.SELECT:
            msg = "only one SELECT can be asked here (or FROM, WITH, SHOW, DESCRIBE, SUMMARIZE, VALUES)"
            raise UsageError(msg)

    def _execute(self, sql: str, clock: Clock) -> Any:
        while True:
            try:
                with clock:
                    return self._connection.execute(sql)
            except self._duckdb.CatalogException as error:
                # Making the views of thousands of models takes seconds, so DuckDB says which one it misses.
                missing = _MISSING.match(str(error))
                if missing is None:
                    raise
                name = missing[1].lower()
                if name not in self._awaited:
                    names = (
                        *(table.name for table in TABLES),
                        "models",
                        *(each.name for each in self.models),
                    )
                    msg = f"there is no table {missing[1]!r}{did_you_mean(name, names)}"
                    raise UsageError(msg) from error
                self._connection.execute(f"CREATE VIEW {name} AS {model_view(self._awaited.pop(name))}")

    def _rows(self, cursor: Any, clock: Clock) -> Iterator[tuple[Any, ...]]:
        while True:
            with self._failing(clock), clock:
                rows = cursor.fetchmany(_BATCH_ROWS)
            if not rows:
                return
            yield from rows

    @contextmanager
    def _failing_on_files(self, export: ExportFolder) -> Iterator[None]:
        try:
            yield
        except self._duckdb.OutOfMemoryException:
            raise UsageError(_TOO_MUCH) from None
        except self._duckdb.Error as error:
            msg = f"can't read the export in {export.path}: {first_line(error)}"
            raise OutsideError(msg) from error

    @contextmanager
    def _failing(self, clock: Clock) -> Iterator[None]:
        errors = self._duckdb
        try:
            yield
        except errors.InterruptException:
            msg = f"the query took longer than {clock.seconds:g} s: narrow it, or raise --timeout"
            raise UsageError(msg) from None
        except errors.OutOfMemoryException:
            raise UsageError(_TOO_MUCH) from None
        except (errors.IOException, errors.InternalException, errors.FatalException) as error:
            raise OutsideError(f"DuckDB failed: {first_line(error)}") from error
        except errors.Error as error:
            raise UsageError(error_words(error)) from error

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _content_of(data: str | None) -> Any:
    """The content in `{"metadata":…,"content":…}`."""
    return None if data is None else json.loads(data).get("content")


def _cid(data: bytes | None) -> str | None:
    """A CID as text; what is none in multibase base64."""
    if data is None:
        return None
    try:
        return str(Cid.from_bytes(data))
    except IdentifierError:
        return encode(data, "m")
