"""Writing a table to a Parquet file with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.outside import outside

_GROUP_ROWS: Final = 128 * 1024
_GROUP_BYTES: Final = 64 * 1024 * 1024


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write batches of that schema to a new file, compressed with zstd.

    Batches are gathered to row groups of about 128 Ki rows or 64 MiB, whichever is reached first.

    Returns:
        The number of rows.

    Raises:
        OutsideError: the file can't be written; nothing is left of it.
    """
    rows = 0
    try:
        with outside(f"write {path}"), pq.ParquetWriter(str(path), schema, compression="zstd") as writer:
            for group in _groups(schema, batches):
                writer.write_table(group)
                rows += group.num_rows
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return rows


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterable[pa.Table]:
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held, schema)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held, schema)
