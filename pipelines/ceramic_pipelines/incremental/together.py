"""What was kept and what is fresh as one: the rows that the next version is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ceramic_pipelines.incremental.fresh import Fresh
from ceramic_pipelines.incremental.kept import PLACING, Kept, by_shard, group_of, shards_in
from ceramic_pipelines.incremental.reopened import REOPENED_COLUMNS, Reopened
from ceramic_transforms.batches import CHECKED_EVENTS
from ceramic_transforms.shards import shards_of_events, shards_of_refusals
from ceramic_transforms.spill import read_spill


@dataclass(frozen=True, slots=True)
class Together:
    """Rows of `CHECKED_EVENTS` by group of shards. Those looked at again stand among the fresh ones."""

    kept: Kept
    fresh: Fresh
    reopened: Reopened | None

    def rows(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of a group's events."""
        for batch in self._kept(group, columns):
            yield batch.select(columns)
        for shard in shards_in(group, self.kept.files):
            yield from self._fresh(shard, columns)

    def all_rows(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of all events."""
        return (batch for group in range(self.kept.files) for batch in self.rows(group, columns))

    def shards(self, group: int, columns: Sequence[str]) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
        """Columns of a group's events, one shard that has some after the other."""
        kept = by_shard(self._kept(group, columns), shards_of_events)
        for shard, pieces in _aligned(kept, shards_in(group, self.kept.files)):
            found = [*(piece.select(columns) for piece in pieces), *self._fresh(shard, columns)]
            if found:
                yield shard, found

    def letters(self, group: int) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
        """Rows of `rejected` for what is no event, one shard that has some after the other."""
        kept = by_shard(self.kept.letters(group), shards_of_refusals)
        for shard, pieces in _aligned(kept, shards_in(group, self.kept.files)):
            found = [*pieces, *_read(self.fresh.letters.get(shard, ()), None)]
            if found:
                yield shard, found

    def groups_with_fresh(self) -> set[int]:
        """The groups that have rows among the fresh ones."""
        return {group_of(shard, self.kept.files) for shard in (*self.fresh.events, *self.fresh.letters)}

    def _kept(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        wanted = set(columns).union(REOPENED_COLUMNS, PLACING)
        names = [name for name in CHECKED_EVENTS.names if name in wanted]
        for batch in self.kept.events(group, names):
            left = batch if self.reopened is None else self.reopened.without(batch)
            if left.num_rows:
                yield left

    def _fresh(self, shard: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # In the columns' order, which is not that of the file.
        return (batch.select(columns) for batch in _read(self.fresh.events.get(shard, ()), columns))


def _read(paths: Sequence[str], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    return (batch for path in paths for batch in read_spill(path, columns))


def _aligned(
    kept: Iterator[tuple[int, list[pa.RecordBatch]]], shards: Sequence[int]
) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """Every shard with its pieces, or none; both come in order."""
    ahead = next(kept, None)
    for shard in shards:
        if ahead is not None and ahead[0] == shard:
            yield ahead
            ahead = next(kept, None)
        else:
            yield shard, []
