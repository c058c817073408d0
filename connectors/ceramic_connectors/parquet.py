"""Writing a table to a Parquet file with bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.outside import outside
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import MAX_BATCH_EVENTS, MAX_PARQUET_THREADS

COMPRESSION: Final = "zstd"
"""How all our Parquet files are compressed."""

_PART: Final = re.compile(r"part-(\d{5})-of-(\d{5})\.(?:v\d{6,}\.)?parquet$")
_GROUP_ROWS: Final = 128 * 1024
_GROUP_BYTES: Final = 64 * 1024 * 1024


class PartWriter:
    """Writes one file of a table, batch by batch, compressed with zstd.

    Batches are gathered to row groups of about 128 Ki rows or 64 MiB, whichever is reached first. Threads
    write these while the caller makes the next one. As a context manager it leaves nothing behind where the
    block fails.

    Args:
        path: a new file.
        schema: of all batches.

    Raises:
        OutsideError: the file can't be written; nothing is left of it. Told by whatever is called next.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._group = _RowGroup(schema)
        self._writing: Future[None] | None = None
        self.rows = 0
        with outside(f"write {path}"):
            self._writer = pq.ParquetWriter(str(path), schema, compression=COMPRESSION)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch."""
        if self._group.add(batch):
            self.flush()

    def flush(self) -> None:
        """Begin to write what was gathered; it becomes a row group."""
        self._wait()
        table = self._group.take()
        if table.num_rows:
            self._writing = _in_background(self._writer, table)
            self.rows += table.num_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make the file whole, or remove it."""
        try:
            if error is None:
                self.flush()
            self._wait()
            with outside(f"write {self._path}"):
                self._writer.close()
        except BaseException:
            self._path.unlink(missing_ok=True)
            if error is None:
                raise
        if error is not None:
            self._path.unlink(missing_ok=True)

    def _wait(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            with outside(f"write {self._path}"):
                writing.result()


def _in_background(writer: pq.ParquetWriter, table: pa.Table) -> Future[None]:
    """Have a table written by a thread, as soon as one is free: so few tables are in memory."""
    _FREE.acquire()
    try:
        writing = _threads().submit(writer.write_table, table)
    except BaseException:
        _FREE.release()
        raise
    writing.add_done_callback(lambda _done: _FREE.release())
    return writing


_FREE: Final = BoundedSemaphore(MAX_PARQUET_THREADS)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_PARQUET_THREADS, "parquet")


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write batches of that schema to a new file; gives the number of rows.

    Raises:
        OutsideError: the file can't be written; nothing is left of it.
    """
    with PartWriter(path, schema) as writer:
        for batch in batches:
            writer.add(batch)
    return writer.rows


def row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Batches of that schema in tables of the size of a row group; none where there are no rows."""
    group = _RowGroup(schema)
    for batch in batches:
        if group.add(batch):
            yield group.take()
    last = group.take()
    if last.num_rows:
        yield last


class _RowGroup:
    """Batches that are gathered until there are enough for a row group."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> bool:
        """Take a batch; says whether there are enough."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        return self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES

    def take(self) -> pa.Table:
        """What was gathered, which begins anew."""
        table = pa.Table.from_batches(self._batches, self._schema)
        self._batches, self._rows, self._bytes = [], 0, 0
        return table


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
                concatenate(pieces, table / part_name(index, files))
                for piece in pieces:
                    piece.unlink()


def concatenate(pieces: Sequence[Path], path: Path) -> None:
    """Write the rows of some files of one schema, in their order, to a new one.

    Raises:
        OutsideError: a file can't be read or written.
    """
    try:
        with outside(f"read {pieces[0]}"):
            schema = pq.read_schema(pieces[0])
    except pa.ArrowException as error:
        msg = f"can't read {pieces[0]}: {_first_line(error)}; export again"
        raise OutsideError(msg) from error
    write_parquet(path, schema, _batches(pieces))


def part_name(index: int, number: int) -> str:
    """Name of one of a table's files."""
    return f"part-{index:05d}-of-{number:05d}.parquet"


def number_of(name: str) -> tuple[int, int]:
    """Number of a table's file, and how many the table has, by the file's path.

    Raises:
        UsageError: the name isn't one of `part_name`.
    """
    found = _PART.search(name)
    if found is None:
        msg = f"{name} is no file of a table: export again"
        raise UsageError(msg)
    return int(found[1]), int(found[2])


def read_batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a file, or some columns of them in that order, in batches of `MAX_BATCH_EVENTS`.

    Raises:
        OutsideError: the file can't be read, is no Parquet file, or lacks a column.
    """
    wanted = None if columns is None else list(columns)
    try:
        with outside(f"read {path}"), pq.ParquetFile(path) as file:
            for batch in file.iter_batches(MAX_BATCH_EVENTS, columns=wanted):
                # Parquet gives them in its own order.
                yield batch if wanted is None else batch.select(wanted)
    except (pa.ArrowException, KeyError) as error:
        msg = f"can't read {path}: {_first_line(error)}; export again"
        raise OutsideError(msg) from error


def _first_line(error: BaseException) -> str:
    """What a library says, without what it adds below."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _batches(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    return (batch for path in paths for batch in read_batches(path))
