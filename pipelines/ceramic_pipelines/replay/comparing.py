"""Two versions of a table row by row, in DuckDB: what doesn't fit into its memory goes to a work folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from ceramic_connectors.apps.database import first_line
from ceramic_connectors.apps.duckdb_store import import_duckdb
from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.apps.typed_views import text
from ceramic_pipelines.replay.values import RowDifference, TableComparison
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import QUERY_MEMORY
from ceramic_protocol.tables import REJECTED, STREAM_STATES, STREAM_TIPS, Table

_ORIGIN: Final = frozenset({"source", "position"})
"""Columns of `rejected` that tell where a source had it, which another source needn't have."""

_RAW: Final = "raw"
_EVENT_KEY: Final = "event_cid"
_STREAM_KEY: Final = "stream_id"
_REFUSED_KEY: Final = ("event_cid", "stream_id", "reason")


class TablesBeside:
    """The tables of two exports, the rebuilt one and the present one. A context manager.

    Raises:
        UsageError: DuckDB isn't installed, or needs more memory than it may have.
        OutsideError: a file can't be read.
    """

    def __init__(
        self, rebuilt: ExportFolder, present: ExportFolder, work_dir: Path, memory: str = QUERY_MEMORY
    ) -> None:
        """Look at both.

        Args:
            rebuilt: what was made anew.
            present: what is there.
            work_dir: where goes what doesn't fit into memory.
            memory: how much DuckDB may use, such as `1GB`.
        """
        self._duckdb = import_duckdb()
        self._folders = {"rebuilt": rebuilt, "present": present}
        with self._failing():
            settings = {
                "memory_limit": memory,
                "temp_directory": str(work_dir),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
            }
            self._connection = self._duckdb.connect(":memory:", config=settings)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of everything."""
        self._connection.close()

    def compare(self, table: Table, most: int) -> TableComparison:
        """Hold one table against the other.

        Args:
            table: which one.
            most: how many differences to show.
        """
        with self._failing():
            for name, folder in self._folders.items():
                self._view(name, folder, table)
            self._check_columns(table)
            rows = [self._one(f"SELECT count(*) FROM {name}") for name in self._folders]
            number, first = self._of_rows(most) if table is REJECTED else self._by_key(table, most)
        return TableComparison(table.name, rows[0], rows[1], number, tuple(first))

    def _view(self, name: str, folder: ExportFolder, table: Table) -> None:
        files = ", ".join(text(str(file)) for file in folder.files(table))
        columns = ", ".join(map(_read, _columns(table)))
        # What a manifest lists is read as it is, also where folders look like Hive's partitions.
        files_read = f"read_parquet([{files}], hive_partitioning = false)"
        self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {files_read}")

    def _check_columns(self, table: Table) -> None:
        kinds = [self._connection.execute(f"DESCRIBE {name}").fetchall() for name in self._folders]
        ours, theirs = ([row[:2] for row in rows] for rows in kinds)
        if ours != theirs:
            raise UsageError(f"the columns of {table.name} are other ones: export again with this release")

    def _by_key(self, table: Table, most: int) -> tuple[int, list[RowDifference]]:
        """Rows that are told by one column: both sides are joined by it."""
        key = _STREAM_KEY if table in (STREAM_TIPS, STREAM_STATES) else _EVENT_KEY
        others = [name for name in _columns(table) if name != key]
        changed = [f'r."{name}" IS DISTINCT FROM p."{name}"' for name in others]
        named = [f"CASE WHEN {test} THEN '{name}' END" for test, name in zip(changed, others, strict=True)]
        joined = f"""
            FROM rebuilt AS r FULL JOIN present AS p USING ({key})
            WHERE r.{others[0]} IS NULL OR p.{others[0]} IS NULL
            OR {" OR ".join(changed)}
        """
        repeated = f"FROM (SELECT {key}, count(*) - 1 AS more FROM present GROUP BY {key} HAVING more > 0)"
        number = self._one(f"SELECT count(*) {joined}") + self._one(
            f"SELECT coalesce(sum(more), 0) {repeated}"
        )
        asked = f"""
            SELECT {key}, CASE WHEN p.{others[0]} IS NULL THEN 'missing'
            WHEN r.{others[0]} IS NULL THEN 'extra' ELSE 'changed' END,
            [{", ".join(named)}]
            {joined} ORDER BY {key} LIMIT {most}
        """
        first = [
            RowDifference(
                {key: _shown(value)}, sort, tuple(filter(None, columns)) if sort == "changed" else ()
            )
            for value, sort, columns in self._rows(asked)
        ]
        more = self._rows(f"SELECT {key} {repeated} ORDER BY {key} LIMIT {most - len(first)}")
        return number, [*first, *(RowDifference({key: _shown(value)}, "repeated") for (value,) in more)]

    def _of_rows(self, most: int) -> tuple[int, list[RowDifference]]:
        """Rows of which several may be the same: both sides are taken from each other."""
        number, first = 0, list[RowDifference]()
        shown = ", ".join(_REFUSED_KEY)
        for sort, one, other in (("missing", "rebuilt", "present"), ("extra", "present", "rebuilt")):
            rest = f"(FROM {one} EXCEPT ALL FROM {other})"
            found = self._one(f"SELECT count(*) FROM {rest}")
            number += found
            if found and len(first) < most:
                asked = f"SELECT {shown} FROM {rest} ORDER BY {shown} LIMIT {most - len(first)}"
                first += [
                    RowDifference(dict(zip(_REFUSED_KEY, map(_shown, row), strict=True)), sort)
                    for row in self._rows(asked)
                ]
        return number, first

    def _one(self, sql: str) -> int:
        return int(self._rows(sql)[0][0])

    def _rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        found: Sequence[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return found

    @contextmanager
    def _failing(self) -> Iterator[None]:
        errors = self._duckdb
        try:
            yield
        except errors.OutOfMemoryException:
            raise UsageError("comparing takes more memory than it may: raise --memory") from None
        except (errors.BinderException, errors.ParserException) as error:
            raise UsageError(f"the tables aren't those of this release: {first_line(error)}") from error
        except errors.Error as error:
            raise OutsideError(f"DuckDB can't compare the tables: {first_line(error)}") from error


def _read(column: str) -> str:
    """Bytes of events may be many, and are asked for no more than whether they are the same."""
    return 'sha256("raw") AS "raw"' if column == _RAW else f'"{column}"'


def _shown(value: Any) -> Any:
    return str(Cid(value)) if isinstance(value, bytes) else value


def _columns(table: Table) -> list[str]:
    return [name for name in table.names if table is not REJECTED or name not in _ORIGIN]
