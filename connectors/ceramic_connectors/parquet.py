"""Writing a table to a Parquet file with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.outside import outside

_GROUP_ROWS: Final = 128 * 1024
_GROUP_BYTES: Final = 64 * 1024 * 1024


class PartWriter:
    """Writes one file of a table, batch by batch, compressed with zstd.

    Batches are gathered to row groups of about 128 Ki rows or 64 MiB, whichever is reached first. As a
    context manager it leaves nothing behind where the block fails.

    Args:
        path: a new file.
        schema: of all batches.

    Raises:
        OutsideError: the file can't be written; nothing is left of it.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._held: list[pa.RecordBatch] = []
        self._held_rows = self._held_bytes = 0
        self.rows = 0
        with outside(f"write {path}"):
            self._writer = pq.ParquetWriter(str(path), schema, compression="zstd")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch."""
        self._held.append(batch)
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        if self._held_rows >= _GROUP_ROWS or self._held_bytes >= _GROUP_BYTES:
            self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make the file whole, or remove it."""
        try:
            if error is None:
                self._write()
            with outside(f"write {self._path}"):
                self._writer.close()
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise
        if error is not None:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._held:
            with outside(f"write {self._path}"):
                self._writer.write_table(pa.Table.from_batches(self._held, self._schema))
            self.rows += self._held_rows
            self._held, self._held_rows, self._held_bytes = [], 0, 0


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write batches of that schema to a new file; gives the number of rows.

    Raises:
        OutsideError: the file can't be written; nothing is left of it.
    """
    with PartWriter(path, schema) as writer:
        for batch in batches:
            writer.add(batch)
    return writer.rows


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
