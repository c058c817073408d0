"""The set of events of a shard, as what Beam combines: the accumulator of resolution (consensus.md 1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from ceramic_protocol.limits import MAX_BATCH_BYTES
from ceramic_transforms import metrics
from ceramic_transforms.placing import Links, with_streams
from ceramic_transforms.shards import ShardsOf, Splitter

Batches: TypeAlias = list[pa.RecordBatch]
_NO_STREAMS: Final[Links] = {}

_CID: Final = "event_cid"
_SAME: Final = ("event_cid", "car")
_ORIGIN: Final = ("source", "position")


class UniteEvents(beam.CombineFn):
    """Unites batches of `CHECKED_EVENTS`, or of `RAW_EVENTS`.

    It is commutative and associative, and a copy more changes nothing.

    Beam does this before it shuffles as well as after it, and in several places for a key that has too much.
    So copies of an event are dropped early, and few large pieces are shuffled instead of many small ones.
    Which tip wins can't be said of a part of a stream, so the set itself is what is handed on. Copies count
    as the same if their bytes are; the one that stands first in the source is kept. What is no event has no
    copies: each stretch of damage stays.
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
        table = pa.Table.from_batches(accumulator)
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
    several = counted.field("values").filter(pc.greater(counted.field("counts"), 1)).drop_null()
    places = pc.indices_nonzero(pc.is_in(cids, value_set=several)).to_pylist()
    if not places:
        return table
    rows = table.select([*_SAME, *_ORIGIN]).take(places).to_pylist()
    first: dict[tuple[object, ...], tuple[object, int]] = {}
    for place, row in zip(places, rows, strict=True):
        same, origin = tuple(row[name] for name in _SAME), tuple(row[name] for name in _ORIGIN)
        first[same] = min(first.get(same, (origin, place)), (origin, place))
    dropped = set(places) - {place for _origin, place in first.values()}
    metrics.count(metrics.DUPLICATES, len(dropped))
    return table.take([place for place in range(table.num_rows) if place not in dropped])


class SplitByShard(beam.DoFn):
    """Pieces of batches under the numbers of their shards, to be combined by `UniteEvents`."""

    def __init__(self, shards_of: ShardsOf) -> None:
        """Split as `shards_of` says."""
        self._shards_of = shards_of

    def start_bundle(self) -> None:
        """Hold nothing yet."""
        self._splitter = Splitter(self._shards_of, MAX_BATCH_BYTES)

    def process(
        self, batch: pa.RecordBatch, streams: Links = _NO_STREAMS
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The pieces of what is held, once that is enough; `streams` are filled in where events tell none."""
        return self._splitter.add(with_streams(batch, streams))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """The pieces of the rest."""
        return map(GlobalWindows.windowed_value, self._splitter.flush())
