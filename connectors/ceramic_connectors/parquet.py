"""Writing a table to a Parquet file with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def merge_files(folder: Path, parts: int, files: int) -> None:
    """Make `files` Parquet files of the `parts` that each table in `folder` has, in their order.

    `parts` is a multiple of `files`; both count the files of one table, `part-<i>-of-<n>.parquet`.

    Raises:
        OutsideError: a file can't be read or written.
    """
    if parts == files:
        return
    step = parts // files
    for table in sorted(path for path in folder.iterdir() if path.is_dir()):
        for index in range(files):
            pieces = [table / part_name(piece, parts) for piece in range(index * step, (index + 1) * step)]
            with outside(f"merge the parts of {table}"):
                schema = pq.ParquetFile(pieces[0]).schema_arrow
                write_parquet(table / part_name(index, files), schema, _batches(pieces))
                for piece in pieces:
                    piece.unlink()


def part_name(index: int, number: int) -> str:
    """Name of one of a table's files."""
    return f"part-{index:05d}-of-{number:05d}.parquet"


def _batches(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches()
