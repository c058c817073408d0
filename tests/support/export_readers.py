"""Readers of an export that is being written: each answer is a digest of what it has read."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.versions import CURRENT, current_version
from ceramic_protocol.tables import EVENT_STATES, REJECTED, STREAM_STATES, Table

_COLUMNS: Final[dict[Table, tuple[str, ...]]] = {
    EVENT_STATES: ("conclusion_event_order", "event_cid", "data", "canonical", "anchored_at"),
    STREAM_STATES: ("stream_tip_order", "event_cid", "data", "reverted"),
    REJECTED: ("reason", "event_cid", "raw", "detail", "position"),
}


class Seen(NamedTuple):
    """What one look has shown: digests of the tables or of one of them; None if it failed."""

    how: str
    tables: tuple[str, ...] | None


def by_manifest(output: Path) -> tuple[str, ...]:
    """Digests of the tables, by the files that the manifest lists."""
    export = ExportFolder.open(output)
    return tuple(
        _digest(
            pa.concat_tables(
                pq.ParquetFile(file).read(columns=list(columns)) for file in export.files(table)
            ),
            columns,
        )
        for table, columns in _COLUMNS.items()
    )


def by_dataset(output: Path) -> tuple[str, ...]:
    """The same by the folders of the version that the link names at first."""
    version = current_version(output)
    return tuple(
        _digest(ds.dataset(version / table.name).to_table(columns=list(columns)), columns)
        for table, columns in _COLUMNS.items()
    )


def by_glob(output: Path, table: Table) -> str:
    """The digest of one table, by DuckDB and a pattern without versions."""
    columns = _COLUMNS[table]
    with duckdb.connect(":memory:") as database:
        files = f"read_parquet('{output}/{table.name}/**/*.parquet')"
        found = database.sql(f"SELECT {', '.join(columns)} FROM {files}").to_arrow_table()
    return _digest(found, columns)


def _digest(table: pa.Table, columns: Iterable[str]) -> str:
    rows = zip(*(table.column(name).to_pylist() for name in columns), strict=True)
    return blake2b("\n".join(sorted(map(repr, rows))).encode(), digest_size=16).hexdigest()


def read_all_the_time(output: Path, stop: Event, log: Path) -> None:
    """Look in all ways, again and again, and write down what was seen, one line for each look."""
    with log.open("w") as lines:
        while not stop.is_set():
            if (output / CURRENT).is_symlink():
                for seen in _looks(output):
                    lines.write(f"{seen.how} {' '.join(seen.tables or ('failed',))}\n")
                    lines.flush()


def _looks(output: Path) -> Iterable[Seen]:
    for name, look in (("manifest", by_manifest), ("dataset", by_dataset)):
        try:
            yield Seen(name, look(output))
        except Exception:  # noqa: BLE001  versions are removed at once here, under readers too
            yield Seen(name, None)
    for table in _COLUMNS:
        try:
            yield Seen(f"glob:{table.name}", (by_glob(output, table),))
        except duckdb.Error:
            yield Seen(f"glob:{table.name}", None)


def known_as(published: Iterable[tuple[str, ...]]) -> dict[str, set[tuple[str, ...]]]:
    """What a reader may see, by how it looks."""
    versions = set(published)
    found = {"manifest": versions, "dataset": versions}
    for number, table in enumerate(_COLUMNS):
        found[f"glob:{table.name}"] = {(version[number],) for version in versions}
    return found
