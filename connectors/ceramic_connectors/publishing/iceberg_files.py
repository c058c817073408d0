"""Writing one file of a table anew as a data file of Iceberg, with bounded memory.

A data file's name tells from which file of which export it was made, so that the table itself says what it
holds. It ends differently each time: what a killed run left is never written to again.
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Any, Final

from pyiceberg.io.fileformat import FileFormatFactory
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table as IcebergTable
from pyiceberg.typedef import Record

from ceramic_connectors.parquet import read_batches, row_groups
from ceramic_connectors.partitions import partition_of
from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_connectors.publishing.iceberg_schema import rows_as

_DIGEST_BYTES: Final = 12
_ORIGIN: Final = re.compile(rf"-([0-9a-f]{{{2 * _DIGEST_BYTES}}})-[0-9a-f]{{32}}\.parquet$")


def origin_of(version: ExportVersion, name: str) -> str:
    """What a data file's name tells of the file that it was made of."""
    return blake2b(f"{version.export}/{name}".encode(), digest_size=_DIGEST_BYTES).hexdigest()


def origin_in(location: str) -> str | None:
    """What the name of a data file tells; None if it isn't one of ours."""
    found = _ORIGIN.search(location)
    return None if found is None else found[1]


def write_data_file(table: IcebergTable, version: ExportVersion, name: str) -> DataFile | None:
    """Write the rows of an export's file to the table's storage; None if it has none.

    Raises:
        OutsideError: the export's file can't be read, or has a number that Iceberg can't hold.
        Exception: whatever the storage raises.
    """
    schema, partition = schema_to_pyarrow(table.schema()), partition_of(name)
    source = version.path / name
    groups = row_groups(rows_as(schema, read_batches(source), partition, str(source)), schema)
    first = next(groups, None)
    if first is None:
        return None
    key = _partition_key(table, partition)
    stem = PurePosixPath(name).name.removesuffix(".parquet")
    location = table.location_provider().new_data_location(
        f"{stem}-{origin_of(version, name)}-{uuid.uuid4().hex}.parquet", key
    )
    output = table.io.new_output(location)
    model = FileFormatFactory.get(FileFormat.PARQUET)
    writer = model.create_writer(output, table.schema(), table.properties)
    try:
        with writer:
            writer.write(first)
            for group in groups:
                writer.write(group)
    except BaseException:
        with suppress(Exception):
            table.io.delete(location)
        raise
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=Record() if key is None else key.partition,
        file_size_in_bytes=len(output),
        sort_order_id=None,
        spec_id=table.spec().spec_id,
        equality_ids=None,
        key_metadata=None,
        **writer.result().to_serialized_dict(),
    )


def _partition_key(table: IcebergTable, partition: dict[str, str | None]) -> PartitionKey | None:
    spec = table.spec()
    if spec.is_unpartitioned():
        return None
    values: list[Any] = [PartitionFieldValue(field, partition.get(field.name)) for field in spec.fields]
    return PartitionKey(values, spec, table.schema())
