"""Publishing in a process of its own that may kill itself at a named point."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pyiceberg.catalog.sql import SqlCatalog

from ceramic_connectors.publishing import iceberg_exchange, iceberg_files
from ceramic_connectors.publishing.iceberg_tables import IcebergTables
from ceramic_connectors.publishing.sql_tables import SqlTables
from tests.support.crashing_export import arm
from tests.support.published import Place

_ICEBERG: Final[dict[str, tuple[Any, str, bool]]] = {
    "a table made, nothing in it": (IcebergTables, "_create", True),
    "some rows of a data file read": (iceberg_files, "read_batches", True),
    "a data file written": (iceberg_exchange, "write_data_file", True),
    "all data files of a table written": (iceberg_exchange, "_commit", False),
    "manifests written, not committed": (SqlCatalog, "commit_table", False),
    "a table committed, others not": (iceberg_exchange, "_commit", True),
}
_SQL: Final[dict[str, tuple[Any, str, bool]]] = {
    "tables made": (SqlTables, "_make_tables", True),
    "the rows of some files added": (SqlTables, "_add", True),
    "a table brought, others not": (SqlTables, "_bring", True),
    "all written, not committed": (SqlTables, "_remember", True),
    "committed": (SqlTables, "publish", True),
}


def points(place: Place) -> dict[str, tuple[Any, str, bool]]:
    """Owner and name of what is called at each point, and whether the end comes after it."""
    return _ICEBERG if place.target.startswith("iceberg:") else _SQL


def publish(place: Place, folder: Path, point: str | None, hit: int) -> None:
    """Publish; with a point, die there when it has passed by `hit` times before."""
    if point is not None:
        arm(*points(place)[point], hit)
    place.publish(folder)
