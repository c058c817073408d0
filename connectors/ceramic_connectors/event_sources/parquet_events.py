"""Parquet files with the bytes of events as a source: `parquet:PATH`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.batching import paged
from ceramic_connectors.files import SourceFile
from ceramic_connectors.outside import outside
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, OutsideError
from ceramic_protocol.limits import MAX_BATCH_EVENTS, MAX_EVENT_CAR_BYTES, MAX_PARQUET_GROUP_BYTES
from ceramic_protocol.ports import Damage, RawEvent, SourceItem, SourcePage

CAR = "car"
"""The column that a file has to have, of bytes."""

EVENT_CID = "event_cid"
"""The column that it may have, of bytes."""


class RowGroup(NamedTuple):
    """Rows of a file: which file, the group's number there, and its first row."""

    file: int
    number: int
    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class ParquetEvents:
    """The events in the rows of one or more files, in their order.

    Attributes:
        files: as they were when this was opened.
        groups: all row groups, in order.
        size: see `EventSource.size`.
    """

    files: tuple[SourceFile, ...]
    groups: tuple[RowGroup, ...]
    size: int

    @classmethod
    def build(cls, files: Sequence[SourceFile]) -> Self:
        """Read what the files say of themselves.

        Raises:
            OutsideError: one of them can't be read, or has no column of CARs.
        """
        groups: list[RowGroup] = []
        size = 0
        for number, file in enumerate(files):
            first = 0
            with _opened(file) as opened:
                _check_columns(opened, file)
                for at in range(opened.metadata.num_row_groups):
                    rows, held = _measure(opened, at, file)
                    groups.append(RowGroup(number, at, first, rows))
                    first += rows
                    size += held
        return cls(tuple(files), tuple(groups), size)

    @property
    def count(self) -> int:
        """See `EventSource.count`."""
        return sum(group.rows for group in self.groups)

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`.

        Raises:
            OutsideError: a file can no longer be read, or was changed.
        """
        start, stop = max(start, 0), min(stop, self.count)
        if start < stop:
            yield from paged(self._items(start, stop), stop)

    def _items(self, start: int, stop: int) -> Iterator[tuple[int, SourceItem]]:
        first = 0
        for group in self.groups:
            begin, end = max(start - first, 0), min(stop - first, group.rows)
            if begin < end:
                file = self.files[group.file]
                rows = _rows(file, group, begin, end)
                for row, (car, cid) in enumerate(rows, begin):
                    yield first + row, _item(car, cid, file.path, group.first + row)
            first += group.rows


def _rows(file: SourceFile, group: RowGroup, begin: int, end: int) -> Iterator[tuple[Any, Any]]:
    """Cells of CAR and CID in a part of a row group, whose pages before it have to be unpacked too."""
    with _opened(file) as opened:
        has_cid = EVENT_CID in opened.schema_arrow.names
        columns = [CAR, EVENT_CID] if has_cid else [CAR]
        at = 0
        for batch in opened.iter_batches(MAX_BATCH_EVENTS, row_groups=[group.number], columns=columns):
            skipped = min(max(begin - at, 0), batch.num_rows)
            part = batch.slice(skipped, end - at - skipped)
            at += batch.num_rows
            cars = part.column(CAR).to_pylist()
            yield from zip(cars, _cids(part) if has_cid else [None] * len(cars), strict=True)
            if at >= end:
                return
        raise OutsideError(f"{file.path} has fewer rows than it says; restore it from a copy")


def _cids(part: pa.RecordBatch) -> Iterable[Any]:
    found: Iterable[Any] = part.column(EVENT_CID).to_pylist()
    return found


def _item(car: bytes | None, cid: bytes | None, source: str, row: int) -> SourceItem:
    if car is None:
        return Damage("the row has no CAR", source, row, 0, b"")
    if len(car) > MAX_EVENT_CAR_BYTES:
        # What is judged doesn't hang on the rest, and may be any amount.
        car = car[: MAX_EVENT_CAR_BYTES + 1]
    try:
        return RawEvent(car, None if cid is None else Cid.from_bytes(cid), source, row)
    except IdentifierError as error:
        return Damage(f"the row's event_cid is no CID: {error}", source, row, len(car), b"")


@contextmanager
def _opened(file: SourceFile) -> Iterator[pq.ParquetFile]:
    with outside(f"read {file.path}"), file.open() as opened:
        try:
            with pq.ParquetFile(opened) as found:
                yield found
        except (pa.ArrowException, ValueError, TypeError, LookupError) as error:
            told = str(error).split("\n", 1)[0][:200]
            raise OutsideError(f"{file.path} can't be read as Parquet: {told}") from error


def _check_columns(opened: pq.ParquetFile, file: SourceFile) -> None:
    schema = opened.schema_arrow
    for name in (CAR, EVENT_CID):
        if schema.names.count(name) > 1:
            raise OutsideError(f"{file.path} has several columns {name}")
        if name in schema.names and not _is_bytes(schema.field(name).type):
            raise OutsideError(f"{file.path} has a column {name} of {schema.field(name).type}, not of bytes")
    if CAR not in schema.names:
        raise OutsideError(f"{file.path} has no column {CAR} with the bytes of events")


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _measure(opened: pq.ParquetFile, at: int, file: SourceFile) -> tuple[int, int]:
    """Rows and unpacked bytes of a row group, by what the file says.

    What it says of single columns isn't asked: where that is damaged pyarrow ends the process.
    """
    group = opened.metadata.row_group(at)
    rows, held = group.num_rows, group.total_byte_size
    if rows < 0 or not 0 <= held <= MAX_PARQUET_GROUP_BYTES:
        most = f"{MAX_PARQUET_GROUP_BYTES:,}"
        raise OutsideError(
            f"{file.path} has a row group of {held:,} bytes; write it with groups of at most {most}"
        )
    return rows, held
