"""Where versions of an export are published: in a catalog of Iceberg, a file of DuckDB, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from ceramic_connectors.apps.postgres_url import SCHEMES
from ceramic_connectors.apps.store import DUCKDB
from ceramic_connectors.publishing.changes import TableChange
from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_protocol.errors import UsageError

ICEBERG: Final = "iceberg:"

NAMESPACE: Final = "ceramic"
"""The namespace of a catalog, or schema of a database, unless another one is named."""


class PublishedTables(Protocol):
    """The five tables of an export in a place of others."""

    def publish(
        self,
        version: ExportVersion,
        *,
        overwrite: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> list[TableChange]:
        """Make the tables equal to a version; whatever was interrupted is completed by running it again.

        Only files that the version has and the tables lack are read. Readers see all of a table's changes at
        once, in a database those of all tables.

        Args:
            version: of the export.
            overwrite: whether it may take the place of another export, or of other rules.
            progress: is told how many files more were taken in.

        Returns:
            What became of each table; nothing where the tables had that version.

        Raises:
            UsageError: the tables are of another export, of other rules, of a later version, or none of ours.
            OutsideError: a file, the catalog or the database failed, or somebody else wrote meanwhile.
        """

    def close(self) -> None:
        """Let go of the place."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_tables(
    target: str, *, namespace: str = NAMESPACE, properties: Mapping[str, str] | None = None
) -> PublishedTables:
    """The tables at `iceberg:CATALOG`, `duckdb:FILE` or `postgres://…`, made if need be.

    Args:
        target: where.
        namespace: of the catalog, or the database's schema.
        properties: of the catalog, beside those of pyiceberg's configuration.

    Raises:
        UsageError: no such place, or a library isn't installed.
        OutsideError: it can't be opened.
    """
    if not namespace or "\0" in namespace:
        msg = f"{namespace!r} is no name of a namespace"
        raise UsageError(msg)
    if target.startswith(ICEBERG) and target != ICEBERG:
        return _iceberg(target.removeprefix(ICEBERG), namespace, properties or {})
    if properties:
        msg = "only a catalog of Iceberg has properties: leave them out, or give iceberg:CATALOG"
        raise UsageError(msg)
    if target.startswith(SCHEMES):
        from ceramic_connectors.publishing.postgres_tables import PostgresTables

        return PostgresTables.open(target, schema=namespace)
    if target.startswith(DUCKDB) and target != DUCKDB:
        from ceramic_connectors.publishing.duckdb_tables import DuckDBTables

        return DuckDBTables.open(Path(target.removeprefix(DUCKDB)), schema=namespace)
    # What was given isn't repeated: it may hold a password.
    msg = "no place for tables: give iceberg:CATALOG, duckdb:FILE or postgres://USER@HOST/DATABASE"
    raise UsageError(msg)


def _iceberg(catalog: str, namespace: str, properties: Mapping[str, str]) -> PublishedTables:
    try:
        from ceramic_connectors.publishing.iceberg_tables import IcebergTables
    except ModuleNotFoundError as error:
        missing = (error.name or "pyiceberg").partition(".")[0]
        msg = f"this needs {missing}: install it with pip install 'ceramic-streams[iceberg]'"
        raise UsageError(msg) from error
    return IcebergTables.open(catalog, namespace=namespace, properties=properties)
