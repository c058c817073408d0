"""Making a table of Iceberg equal to a version of an export.

A table is a set of data files, each made of one file of the export. Publishing a version exchanges those that
differ, in one snapshot per table. Which ones differ follows from the files that the table has, so a run that
was killed is completed by the next one, and one more changes nothing.

What the table is of stands in its properties, which are committed together with the snapshot. If the newest
snapshot isn't the one that they name, others have written to the table (or compacted it): then all of its
files are replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from ceramic_connectors.publishing.changes import TableChange
from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_connectors.publishing.held import rules_text
from ceramic_connectors.publishing.iceberg_files import origin_in, origin_of, write_data_file
from ceramic_protocol.tables import Table

EXPORT: Final = "ceramic.export"
VERSION: Final = "ceramic.version"
AS_OF: Final = "ceramic.as-of"
RULES: Final = "ceramic.rules"
SNAPSHOT: Final = "ceramic.snapshot-id"
"""Properties of a table; the first three are in the summary of each snapshot as well."""


def exchange(
    table: Table, iceberg: IcebergTable, version: ExportVersion, progress: Callable[[int], None] | None
) -> TableChange | None:
    """Make a table equal to a version; None if it is.

    Raises:
        OutsideError: a file of the export can't be read.
        CommitFailedException, ValidationException: somebody else has written to the table meanwhile.
        Exception: whatever the catalog or its storage raises.
    """
    snapshot = iceberg.current_snapshot()
    known = iceberg.properties.get(SNAPSHOT)
    is_ours = known == (None if snapshot is None else str(snapshot.snapshot_id))
    if is_ours and (iceberg.properties[EXPORT], iceberg.properties[VERSION]) == _identity(version):
        return None
    files = [task.file for task in iceberg.scan().plan_files()]
    wanted = {origin_of(version, name): name for name in version.files(table)}
    kept = {origin_in(file.file_path) for file in files} & set(wanted) if is_ours else set()
    removed = [file for file in files if origin_in(file.file_path) not in kept]
    added = _write(
        iceberg, version, [name for origin, name in wanted.items() if origin not in kept], progress
    )
    try:
        _commit(iceberg, version, added, removed)
    except (CommitFailedException, ValidationException):
        # Of other failures one can't tell whether the catalog has it.
        _discard(iceberg, added)
        raise
    return TableChange(table.name, len(added), len(removed), sum(file.record_count for file in added))


def _write(
    iceberg: IcebergTable, version: ExportVersion, names: list[str], progress: Callable[[int], None] | None
) -> list[DataFile]:
    written = []
    try:
        for name in names:
            file = write_data_file(iceberg, version, name)
            if file is not None:
                written.append(file)
            if progress is not None:
                progress(1)
    except BaseException:
        _discard(iceberg, written)
        raise
    return written


def _discard(iceberg: IcebergTable, files: list[DataFile]) -> None:
    for file in files:
        with suppress(Exception):
            iceberg.io.delete(file.file_path)


def _commit(
    iceberg: IcebergTable, version: ExportVersion, added: list[DataFile], removed: list[DataFile]
) -> None:
    """Exchange data files, and write down what the table is of now, at once."""
    properties = properties_of(version, version.number)
    with iceberg.transaction() as change:
        if added or removed:
            told = {name: properties[name] for name in (EXPORT, VERSION, AS_OF)}
            update = change.update_snapshot(snapshot_properties=told).overwrite()
            # Without a predicate the manifests of a table without partitions aren't looked into.
            update.delete_by_predicate(AlwaysTrue())
            for file in removed:
                update.delete_data_file(file)
            for file in added:
                update.append_data_file(file)
            update.commit()
            properties[SNAPSHOT] = str(update.snapshot_id)
        elif (snapshot := iceberg.current_snapshot()) is not None:
            properties[SNAPSHOT] = str(snapshot.snapshot_id)
        change.set_properties(properties)


def _identity(version: ExportVersion) -> tuple[str, str]:
    return version.export, str(version.number)


def properties_of(version: ExportVersion, number: int) -> dict[str, str]:
    """What a table says of itself when it has a version; 0 for none as yet."""
    return {
        EXPORT: version.export,
        VERSION: str(number),
        AS_OF: version.as_of,
        RULES: rules_text(version),
    }
