"""What a version keeps beside its tables: the events after their own checks, and what was none.

A file of events is in the order of shards, so that a shard at a time is in memory. An event whose stream is
unknown stands in the shard of its own CID.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Final, Self

import pyarrow as pa

from ceramic_connectors.manifest import read_manifest
from ceramic_connectors.parquet import number_of, read_batches
from ceramic_protocol.tables import KEPT_EVENTS, KEPT_LETTERS, STREAM_SHARDS
from ceramic_transforms.shards import ShardsOf

PLACING: Final = ("stream_cid", "event_cid")
"""Columns that tell the shard of a row."""


def group_of(shard: int, files: int) -> int:
    """The file, one of `files`, that a shard's rows are in."""
    return shard * files // STREAM_SHARDS


def shards_in(group: int, files: int) -> list[int]:
    """The shards whose rows are in a file."""
    return [shard for shard in range(STREAM_SHARDS) if group_of(shard, files) == group]


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of a version that the next one is made from; `version` is None where there is none.

    `files` is the number of files per table, `listed` the paths of all, by table and number of file.
    """

    version: Path | None
    files: int
    listed: Mapping[tuple[str, int], list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, version: Path | None, files: int) -> Self:
        """The files that the version's manifest lists.

        Raises:
            UsageError: the manifest is none of ours.
            OutsideError: it can't be read.
        """
        listed: dict[tuple[str, int], list[str]] = {}
        for name in () if version is None else sorted(read_manifest(version)["files"]):
            listed.setdefault((PurePosixPath(name).parts[0], number_of(name)[0]), []).append(name)
        return cls(version, files, listed)

    def names(self, table: str, group: int) -> list[str]:
        """Paths within the version of the files that hold a table's rows of a group of shards."""
        return self.listed.get((table, group), [])

    def events(self, group: int, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Batches of `CHECKED_EVENTS` of a group, or some columns of them, in the order of shards."""
        return self._read(KEPT_EVENTS, group, columns)

    def letters(self, group: int) -> Iterator[pa.RecordBatch]:
        """Rows of `rejected` of a group for what is no event."""
        return self._read(KEPT_LETTERS, group, None)

    def rejected(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of a group's rows of `rejected`."""
        return self._read("rejected", group, columns)

    def all_events(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of all events."""
        return (batch for group in range(self.files) for batch in self.events(group, columns))

    def _read(self, table: str, group: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        for name in self.names(table, group):
            yield from read_batches(Path(str(self.version), name), columns)


def by_shard(
    batches: Iterable[pa.RecordBatch], shards_of: ShardsOf
) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """Batches that are in the order of shards, cut where the shard changes."""
    for shard, pieces in groupby(_cut(batches, shards_of), key=lambda piece: piece[0]):
        yield shard, [piece for _shard, piece in pieces]


def _cut(batches: Iterable[pa.RecordBatch], shards_of: ShardsOf) -> Iterator[tuple[int, pa.RecordBatch]]:
    for batch in batches:
        start = 0
        for shard, run in groupby(shards_of(batch)):
            length = sum(1 for _ in run)
            yield shard, batch.slice(start, length)
            start += length
