"""The set of events of a shard, as what Beam combines: the accumulator of resolution (consensus.md 1.6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ceramic_transforms import metrics
from ceramic_transforms.batches import CHECKED_EVENTS

Batches: TypeAlias = list[pa.RecordBatch]

_CID: Final = CHECKED_EVENTS.get_field_index("event_cid")
_SAME: Final = ("event_cid", "car")
_ORIGIN: Final = ("source", "position")


class UniteEvents(beam.CombineFn):
    """Unites batches of `CHECKED_EVENTS`: commutative, associative, and a copy more changes nothing.

    Beam does this before it shuffles as well as after it, and in several places for a key that has too much.
    So copies of an event are dropped early, and few large pieces are shuffled instead of many small ones.
    Which tip wins can't be said of a part of a stream, so the set itself is what is handed on. Copies count
    as the same if their bytes are; the one that stands first in the source is kept.
    """

    def create_accumulator(self) -> Batches:
        """No events."""
        return []

    def add_input(self, accumulator: Batches, batch: pa.RecordBatch) -> Batches:
        """With one more batch."""
        accumulator.append(batch)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Batches]) -> Batches:
        """The union."""
        return self.compact([batch for accumulator in accumulators for batch in accumulator])

    def compact(self, accumulator: Batches) -> Batches:
        """The same events without copies, in as few batches as can be."""
        if not accumulator:
            return accumulator
        table = pa.Table.from_batches(accumulator, CHECKED_EVENTS)
        batches: Batches = _without_copies(table).combine_chunks().to_batches()
        return batches

    def extract_output(self, accumulator: Batches) -> Batches:
        """All batches."""
        return accumulator


def _without_copies(table: pa.Table) -> pa.Table:
    cids = table.column(_CID)
    if pc.count_distinct(cids).as_py() == table.num_rows:
        return table
    counted = cids.value_counts()
    several = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    places = pc.indices_nonzero(pc.is_in(cids, value_set=several)).to_pylist()
    rows = table.select([*_SAME, *_ORIGIN]).take(places).to_pylist()
    first: dict[tuple[object, ...], tuple[object, int]] = {}
    for place, row in zip(places, rows, strict=True):
        same, origin = tuple(row[name] for name in _SAME), tuple(row[name] for name in _ORIGIN)
        first[same] = min(first.get(same, (origin, place)), (origin, place))
    dropped = set(places) - {place for _origin, place in first.values()}
    metrics.count(metrics.DUPLICATES, len(dropped))
    return table.take([place for place in range(table.num_rows) if place not in dropped])
