"""Tables in Hive's form of partitions: `<table>/model=…/day=…/part-….parquet`.

Days are those of anchors, in UTC: of the one that covers an event, and for a stream of the one that covers
its tip; `day=unanchored` where there is none. Streams without a model are Hive's null. What follows from no
stream (`rejected`) has no partitions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import COMPRESSION, read_batches
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_OPEN_PARTITIONS, MAX_PARTITION_BUFFER_BYTES
from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_STATES, STREAM_STATES, STREAM_TIPS

MODEL: Final = "model"
DAY: Final = "day"

KEYS: Final = (MODEL, DAY)
"""What tables can be partitioned by."""

UNANCHORED: Final = "unanchored"
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
_DAY_SECONDS: Final = 86_400

# The first of two tells the partitions of both: they have the same rows in the same order.
_PAIRS: Final = ((EVENT_STATES, CONCLUSION_EVENTS), (STREAM_STATES, STREAM_TIPS))


def partition_files(folder: Path, names: Sequence[str], keys: Sequence[str]) -> None:
    """Cut files of tables up by partition, in place.

    Args:
        folder: has the tables' folders.
        names: the files, by the name that each has in every table's folder.
        keys: some of `KEYS`, in the order of the folders.

    Raises:
        OutsideError: a file can't be read or written.
    """
    for teller, other in _PAIRS:
        for name in names:
            places = _places(folder / teller.name / name, keys)
            for table in (teller, other):
                if places:
                    _cut(folder / table.name, name, places)
                else:
                    _move(folder / table.name, name, _place({}, None, keys))


def partition_of(name: str) -> dict[str, str | None]:
    """The values that stand in the folders of a file's path, by their keys; None for Hive's null."""
    pairs = (part.split("=", 1) for part in PurePosixPath(name).parts[:-1] if "=" in part)
    return {key: None if value == _NULL else value for key, value in pairs}


def _places(path: Path, keys: Sequence[str]) -> list[str]:
    """The partition's folder of each row."""
    return [
        _place(dict(row["dimensions"]), row["anchored_at"], keys)
        for batch in read_batches(path, ("dimensions", "anchored_at"))
        for row in batch.to_pylist()
    ]


def _place(dimensions: Mapping[str, bytes], anchored_at: int | None, keys: Sequence[str]) -> str:
    found = {MODEL: _model_text(dimensions.get(MODEL, b"")), DAY: _day(anchored_at)}
    return "/".join(f"{key}={found[key]}" for key in keys)


def _model_text(model: bytes) -> str:
    return str(StreamId(model)) if model else _NULL


def _day(seconds: int | None) -> str:
    if seconds is None:
        return UNANCHORED
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        # Later than there are dates: the number of the day.
        return str(seconds // _DAY_SECONDS)


def _move(table: Path, name: str, place: str) -> None:
    """A file without rows shows the columns; readers want it in some partition as well."""
    with outside(f"partition {table / name}"):
        (table / place).mkdir(parents=True, exist_ok=True)
        (table / name).rename(table / place / name)


def _cut(table: Path, name: str, places: Sequence[str]) -> None:
    every = sorted(set(places))
    with outside(f"partition {table / name}"):
        for start in range(0, len(every), MAX_OPEN_PARTITIONS):
            with _Writers(table, name, frozenset(every[start : start + MAX_OPEN_PARTITIONS])) as writers:
                for rows, batch in _with_places(table / name, places):
                    writers.add(rows, batch)
        (table / name).unlink()


def _with_places(path: Path, places: Sequence[str]) -> Iterator[tuple[Sequence[str], pa.RecordBatch]]:
    start = 0
    for batch in read_batches(path):
        yield places[start : start + batch.num_rows], batch
        start += batch.num_rows


class _Writers:
    """Files of some partitions, with rows held back so that row groups aren't small."""

    def __init__(self, table: Path, name: str, wanted: frozenset[str]) -> None:
        self._table = table
        self._name = name
        self._wanted = wanted
        self._stack = ExitStack()
        self._writers: dict[str, Any] = {}
        self._held: dict[str, list[pa.RecordBatch]] = defaultdict(list)
        self._bytes = 0

    def add(self, places: Sequence[str], batch: pa.RecordBatch) -> None:
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, place in enumerate(places):
            if place in self._wanted:
                rows_of[place].append(row)
        for place, rows in rows_of.items():
            piece = batch.take(pa.array(rows, pa.int64()))
            self._held[place].append(piece)
            self._bytes += piece.nbytes
        if self._bytes >= MAX_PARTITION_BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        for place, pieces in self._held.items():
            table = pa.Table.from_batches(pieces)
            if place not in self._writers:
                path = self._table / place / self._name
                path.parent.mkdir(parents=True, exist_ok=True)
                writer = pq.ParquetWriter(str(path), table.schema, compression=COMPRESSION)
                self._writers[place] = self._stack.enter_context(writer)
            self._writers[place].write_table(table)
        self._held.clear()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            if kind is None:
                self._flush()
