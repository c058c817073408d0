"""The tables of an export in a database, which keeps beside each row the number of the file it came from.

`published` has the export, the version and its rules, `published_files` the files by those numbers. All that
a version changes is one transaction, with these two: a reader sees all tables of one version, and a run that
was killed has changed nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from ceramic_connectors.apps.database import Database
from ceramic_connectors.apps.naming import quote
from ceramic_connectors.publishing.changes import TableChange
from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_connectors.publishing.held import Held, rules_text
from ceramic_protocol.errors import UsageError
from ceramic_protocol.tables import TABLES, Table

PART: Final = "file_number"
"""The last column of each table: a number in `published_files`."""

_PUBLISHED: Final = "published"
_FILES: Final = "published_files"
_INDEXED: Final = ("event_cid", "stream_cid", "stream_id")


class SqlTables(ABC):
    """See `opening.PublishedTables`. `database` has the schema of the tables as its search path."""

    COLUMN_TYPES: ClassVar[Mapping[str, str]]
    """The database's words for types of columns, by those of `ceramic_protocol.tables`."""

    def __init__(self, database: Database, schema: str) -> None:
        self._database = database
        self._schema = schema

    @abstractmethod
    def _load(self, table: Table, path: Path, number: int) -> int:
        """Add the rows of a file to a table, with its number; gives how many they are."""

    def publish(
        self,
        version: ExportVersion,
        *,
        overwrite: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> list[TableChange]:
        """See `PublishedTables.publish`."""
        with self._database.transaction():
            held = self._held()
            if held is None:
                self._make_tables()
            else:
                held.refuse_unless_followed_by(version, self._schema, overwrite=overwrite)
                if (held.export, held.number) == (version.export, version.number):
                    return []
            # Names of another export's files may mean other contents.
            is_same = held is not None and held.export == version.export
            changes = [self._bring(table, version, progress, is_same=is_same) for table in TABLES]
            self._remember(version)
        return changes

    def _held(self) -> Held | None:
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = $1"
        there = {name for (name,) in self._database.execute(sql, [self._schema])}
        if _PUBLISHED in there:
            rows = self._database.execute(f"SELECT export, version, rules FROM {_PUBLISHED}")
            if len(rows) == 1:
                export, number, rules = rows[0]
                return Held.parse(export, number, rules, self._schema)
        strangers = sorted(there & {_PUBLISHED, _FILES, *(table.name for table in TABLES)})
        if strangers:
            place = f"{self._schema}.{strangers[0]}"
            msg = f"there is a table {place} that was not published here: name another schema"
            raise UsageError(msg)
        return None

    def _make_tables(self) -> None:
        text, number = self.COLUMN_TYPES["utf8"], self.COLUMN_TYPES["int64"]
        run = self._database.execute
        run(f"CREATE TABLE {_PUBLISHED} (export {text}, version {number}, as_of {text}, rules {text})")
        run(f"CREATE TABLE {_FILES} ({PART} {number}, table_name {text}, file {text})")
        for table in TABLES:
            columns = [
                f"{quote(field.name)} {self.COLUMN_TYPES[field.type]}{'' if field.nullable else ' NOT NULL'}"
                for field in table.fields
            ]
            run(f"CREATE TABLE {table.name} ({', '.join(columns)}, {PART} {number} NOT NULL)")
            self._database.add_index(table.name, [PART])
            for name in _INDEXED:
                if name in table.names:
                    self._database.add_index(table.name, [name], equality=True)

    def _bring(
        self,
        table: Table,
        version: ExportVersion,
        progress: Callable[[int], None] | None,
        *,
        is_same: bool,
    ) -> TableChange:
        sql = f"SELECT file, {PART} FROM {_FILES} WHERE table_name = $1"
        held: dict[str, int] = dict(self._database.execute(sql, [table.name]))
        wanted = version.files(table)
        kept = held.keys() & set(wanted) if is_same else set()
        removed = [number for name, number in held.items() if name not in kept]
        if removed:
            for place in (table.name, _FILES):
                self._database.execute(f"DELETE FROM {place} WHERE {PART} = ANY($1)", [removed])
        added = [name for name in wanted if name not in kept]
        rows = 0
        for name in added:
            rows += self._add(table, version, name)
            if progress is not None:
                progress(1)
        return TableChange(table.name, len(added), len(removed), rows)

    def _add(self, table: Table, version: ExportVersion, name: str) -> int:
        ((last,),) = self._database.execute(f"SELECT coalesce(max({PART}), 0) FROM {_FILES}")
        number = int(last) + 1
        self._database.execute(f"INSERT INTO {_FILES} VALUES ($1, $2, $3)", [number, table.name, name])
        return self._load(table, version.path / name, number)

    def _remember(self, version: ExportVersion) -> None:
        row: list[Any] = [version.export, version.number, version.as_of, rules_text(version)]
        self._database.execute(f"DELETE FROM {_PUBLISHED}")
        self._database.execute(f"INSERT INTO {_PUBLISHED} VALUES ($1, $2, $3, $4)", row)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
