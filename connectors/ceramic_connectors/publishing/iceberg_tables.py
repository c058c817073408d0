"""The tables of an export in a catalog of Iceberg."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table as IcebergTable

from ceramic_connectors.publishing.changes import TableChange
from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_connectors.publishing.held import Held
from ceramic_connectors.publishing.iceberg_catalog import at_catalog, open_catalog
from ceramic_connectors.publishing.iceberg_exchange import EXPORT, RULES, VERSION, exchange, properties_of
from ceramic_connectors.publishing.iceberg_schema import iceberg_schema, partition_keys, partition_spec, shape
from ceramic_protocol.errors import UsageError
from ceramic_protocol.tables import TABLES, Table


class IcebergTables:
    """See `opening.PublishedTables`. Readers see one table's changes after the other's."""

    def __init__(self, catalog: Catalog, namespace: str) -> None:
        self._catalog = catalog
        self._namespace = namespace

    @classmethod
    def open(cls, name: str, *, namespace: str, properties: Mapping[str, str]) -> Self:
        """Open a catalog of pyiceberg's configuration, and make the namespace if need be.

        Raises:
            UsageError: the catalog isn't configured.
            OutsideError: it can't be reached.
        """
        catalog = open_catalog(name, properties)
        try:
            with at_catalog(f"make the namespace {namespace}"):
                catalog.create_namespace_if_not_exists(namespace)
        except BaseException:
            catalog.close()
            raise
        return cls(catalog, namespace)

    def publish(
        self,
        version: ExportVersion,
        *,
        overwrite: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> list[TableChange]:
        """See `PublishedTables.publish`."""
        with at_catalog(f"look at the namespace {self._namespace}"):
            found = {table: self._find(table) for table in TABLES}
            # All of them first, so that what is refused changes none.
            for table, iceberg in found.items():
                if iceberg is not None:
                    self._check(table, iceberg, version, overwrite=overwrite)
        changes = []
        for table, iceberg in found.items():
            with at_catalog(f"publish {self._name(table)}"):
                done = exchange(table, iceberg or self._create(table, version), version, progress)
                if done is not None:
                    changes.append(done)
        return changes

    def _name(self, table: Table) -> str:
        return f"{self._namespace}.{table.name}"

    def _find(self, table: Table) -> IcebergTable | None:
        try:
            return self._catalog.load_table(self._name(table))
        except NoSuchTableError:
            return None

    def _create(self, table: Table, version: ExportVersion) -> IcebergTable:
        keys = version.rules["partition_by"]
        schema = iceberg_schema(table, keys)
        return self._catalog.create_table(
            self._name(table),
            schema,
            partition_spec=partition_spec(schema, partition_keys(table, keys)),
            # It must be known as ours from the beginning, even if it comes to no more now.
            properties={"format-version": "2", **properties_of(version, 0)},
        )

    def _check(self, table: Table, iceberg: IcebergTable, version: ExportVersion, *, overwrite: bool) -> None:
        place, told, keys = self._name(table), iceberg.properties, version.rules["partition_by"]
        if not all(name in told for name in (EXPORT, VERSION, RULES)):
            msg = f"there is a table {place} that was not published here: name another namespace"
            raise UsageError(msg)
        held = Held.parse(told[EXPORT], told[VERSION], told[RULES], place)
        held.refuse_unless_followed_by(version, place, overwrite=overwrite)
        partitions = [field.name for field in iceberg.spec().fields]
        is_same_shape = shape(iceberg.schema()) == shape(iceberg_schema(table, keys))
        if not is_same_shape or partitions != list(partition_keys(table, keys)):
            msg = (
                f"{place} has other columns or partitions than the export: drop it, or name another namespace"
            )
            raise UsageError(msg)

    def close(self) -> None:
        """Let go of the catalog."""
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
