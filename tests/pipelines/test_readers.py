"""The files of an export in other readers of Parquet: the same rows in every column of every table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pytest

from ceramic_protocol.tables import TABLES, Table
from tests.support import corpus
from tests.support.export import export

Columns = dict[str, list[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readers") / "tables"
    export(f"ndjson:{corpus.NDJSON}", folder, num_shards=4)
    return folder


@pytest.fixture(scope="module")
def by_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readers") / "tables"
    export(f"ndjson:{corpus.NDJSON}", folder, partition_by=("model", "day"))
    return folder


def by_pyarrow(folder: Path, table: Table) -> Columns:
    found = ds.dataset(folder / table.name, partitioning="hive").to_table()
    return {name: found.column(name).to_pylist() for name in found.schema.names}


def by_duckdb(folder: Path, table: Table) -> Columns:
    with duckdb.connect() as database:
        found = database.sql(f"FROM read_parquet('{folder / table.name}/**/*.parquet')")
        rows = found.fetchall()
        return {name: [row[index] for row in rows] for index, name in enumerate(found.columns)}


def by_polars(folder: Path, table: Table) -> Columns:
    found = pl.scan_parquet(f"{folder / table.name}/**/*.parquet", hive_partitioning=True).collect()
    return {name: found[name].to_list() for name in found.columns}


READERS = {"DuckDB": by_duckdb, "Polars": by_polars}


def plain(value: Any) -> Any:
    """A value as all readers have it: a map is a dictionary, however it is handed out."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return dict(value)
    if (
        isinstance(value, list)
        and value
        and isinstance(value[0], Mapping)
        and set(value[0]) == {"key", "value"}
    ):
        return {each["key"]: each["value"] for each in value}
    return str(value) if isinstance(value, date) else value


def rows_of(columns: Columns, names: list[str]) -> list[str]:
    """All rows in an order that does not depend on the reader."""
    return sorted(
        repr([plain(value) for value in row]) for row in zip(*(columns[n] for n in names), strict=True)
    )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_same_rows_in_every_column(reader: str, table: Table, folder: Path) -> None:
    found, wanted = READERS[reader](folder, table), by_pyarrow(folder, table)
    names = [field.name for field in table.fields]
    assert list(found) == list(wanted) == names
    assert len(wanted[names[0]]) > 50
    assert rows_of(found, names) == rows_of(wanted, names)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_same_rows_of_partitions(reader: str, table: Table, by_day: Path) -> None:
    found, wanted = READERS[reader](by_day, table), by_pyarrow(by_day, table)
    names = [name for name in wanted if name not in {"model", "day"}]
    assert set(found) == set(wanted)
    assert rows_of(found, names) == rows_of(wanted, names)
