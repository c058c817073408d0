"""Places that exports are published to, and what their tables have."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.rows import dict_row
from pyiceberg.catalog import Catalog, load_catalog

from ceramic_connectors.publishing import ExportVersion, PublishedTables, open_tables
from ceramic_protocol.tables import TABLES, Table
from tests.support.increments import rows

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Place:
    """Where to publish."""

    target: str
    namespace: str = "ceramic"
    properties: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def iceberg(cls, folder: Path) -> Place:
        """A catalog in SQLite, and its files in folders."""
        (folder / "warehouse").mkdir(parents=True, exist_ok=True)
        properties = {
            "uri": f"sqlite:///{folder / 'catalog.db'}",
            "warehouse": f"file://{folder / 'warehouse'}",
        }
        return cls("iceberg:local", properties=properties)

    def open(self) -> PublishedTables:
        """Its tables."""
        return open_tables(self.target, namespace=self.namespace, properties=self.properties)

    def publish(self, folder: Path, *, overwrite: bool = False) -> list[str]:
        """Publish a version; gives the names of tables that it was anything new for."""
        with self.open() as tables:
            changes = tables.publish(ExportVersion.read(folder), overwrite=overwrite)
        return [change.table for change in changes]

    def catalog(self) -> Catalog:
        """The catalog of Iceberg."""
        return load_catalog(self.target.removeprefix("iceberg:"), **self.properties)

    def held(self) -> dict[str, tuple[int, list[dict[str, Any]]]]:
        """The version that each table says it has, and its rows; what isn't there yet is left out."""
        if self.target.startswith("iceberg:"):
            return self._in_iceberg()
        return self._in_duckdb() if self.target.startswith("duckdb:") else self._in_postgres()

    def rows(self) -> Rows:
        """The rows of the tables in any order."""
        return {name: found for name, (_version, found) in self.held().items()}

    def _in_iceberg(self) -> dict[str, tuple[int, list[dict[str, Any]]]]:
        found = {}
        with closing(self.catalog()) as catalog:
            for table in TABLES:
                name = f"{self.namespace}.{table.name}"
                if catalog.namespace_exists(self.namespace) and catalog.table_exists(name):
                    iceberg = catalog.load_table(name)
                    read = iceberg.scan(selected_fields=table.names).to_arrow().to_pylist()
                    found[table.name] = (int(iceberg.properties["ceramic.version"]), read)
        return found

    def _in_duckdb(self) -> dict[str, tuple[int, list[dict[str, Any]]]]:
        with duckdb.connect(self.target.removeprefix("duckdb:")) as database:
            sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema = $1"
            if database.execute(sql, [self.namespace]).fetchall() == [(0,)]:
                return {}
            ((version,),) = database.execute(f"SELECT version FROM {self.namespace}.published").fetchall()
            return {
                table.name: (
                    version,
                    database.sql(_select(self.namespace, table)).to_arrow_table().to_pylist(),
                )
                for table in TABLES
            }

    def _in_postgres(self) -> dict[str, tuple[int, list[dict[str, Any]]]]:
        found: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        with psycopg.connect(self.target, row_factory=dict_row) as database:
            database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            sql = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s"
            if database.execute(sql, [self.namespace]).fetchone() is None:
                return {}
            published = database.execute(
                f"SELECT version FROM {self.namespace}.published".encode()
            ).fetchone()
            assert published is not None
            for table in TABLES:
                read = database.execute(_select(self.namespace, table).encode()).fetchall()
                for row in read:
                    if row.get("dimensions") is not None:
                        row["dimensions"] = [
                            (name, base64.b64decode(value)) for name, value in row["dimensions"].items()
                        ]
                found[table.name] = (published["version"], read)
        return found


def exported(folder: Path) -> Rows:
    """The rows of the version in a folder."""
    return rows(folder)


def assert_same_rows(found: Rows, wanted: Rows) -> None:
    """By all columns, in any order; texts without U+0000.

    Raises:
        AssertionError: a table differs.
    """
    assert found.keys() == wanted.keys()
    for name, table in wanted.items():
        assert comparable(found[name]) == comparable(table), name


def comparable(table: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows as texts in an order of their own, which tables of the same rows have in common."""
    return sorted(repr([(name, _plain(value)) for name, value in sorted(row.items())]) for row in table)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        each = [_plain(item) for item in value]
        return sorted(each) if each and isinstance(each[0], tuple) else each
    return value


def _select(namespace: str, table: Table) -> str:
    return f"SELECT {', '.join(table.names)} FROM {namespace}.{table.name}"
