"""Finding the streams of time events without `id` (`ceramic_protocol.placing`), as a transform.

Two looks at all events, however long the chains are. What is known of events without `id` is in memory at
once, some 500 bytes for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import AsList, AsSingleton
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.placing import ends_of, streams_of
from ceramic_transforms.batches import CHECKED_EVENTS, to_rows

PLACE_COLUMNS: Final = ("event_cid", "stream_cid", "prev")
"""Columns of `CHECKED_EVENTS` that `prevs_in` and `streams_in` read."""

Links: TypeAlias = dict[bytes, bytes]
"""One CID for another: an event's prev, or its stream."""


@with_input_types(pa.RecordBatch)
@with_output_types(dict[bytes, bytes])
class FindStreams(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[Links]]):
    """The stream of every event that doesn't tell it, as far as it follows from the others, by its CID.

    Takes batches of `CHECKED_EVENTS` in any order; gives one dictionary, empty if there are no such events.
    """

    def expand(self, checked: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[Links]:
        """Collect what tells no stream, then look up where that leads."""
        # Each combiner would bring several stages of its own, which a small job has to wait for.
        once = checked.pipeline | "Once" >> beam.Impulse()
        prevs = checked | "Prevs" >> beam.FlatMap(_prevs)
        chains = AsSingleton(once | "Chains" >> beam.Map(_chains, AsList(prevs)))
        known = checked | "Known" >> beam.FlatMap(_known, chains)
        return once | "Streams" >> beam.Map(_streams, chains, AsList(known))

    def display_data(self) -> dict[str, Any]:
        """What is looked at."""
        return {"columns": ",".join(PLACE_COLUMNS)}


class _Chains(NamedTuple):
    """Where the events lead that tell no stream, and what is to be looked up therefore."""

    ends: Links
    wanted: frozenset[bytes]


def _prevs(batch: pa.RecordBatch) -> Iterator[Links]:
    found = prevs_in(batch)
    if found:
        yield found


def _chains(_once: bytes, prevs: Iterable[Links]) -> _Chains:
    ends = ends_of(joined(prevs))
    return _Chains(ends, frozenset(ends.values()))


def _known(batch: pa.RecordBatch, chains: _Chains) -> Iterator[Links]:
    found = streams_in(batch, chains.wanted)
    if found:
        yield found


def _streams(_once: bytes, chains: _Chains, known: Iterable[Links]) -> Links:
    return streams_of(chains.ends, joined(known))


def joined(parts: Iterable[Links]) -> Links:
    """What several dictionaries say together."""
    whole: Links = {}
    for part in parts:
        whole |= part
    return whole


def placed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows of a batch whose stream is known; the batch itself if these are all."""
    streams = batch.column("stream_cid")
    return batch.filter(pc.is_valid(streams)) if streams.null_count else batch


def prevs_in(batch: pa.RecordBatch) -> Links:
    """The prev of each event in a batch with `PLACE_COLUMNS` whose stream is unknown."""
    if not batch.column("stream_cid").null_count:
        return {}
    return {cid: prev for cid, stream, prev in to_rows(batch.select(PLACE_COLUMNS)) if stream is None}


def streams_in(batch: pa.RecordBatch, wanted: frozenset[bytes]) -> Links:
    """The stream of each wanted event that a batch with `PLACE_COLUMNS` tells."""
    if not wanted:
        return {}
    rows = to_rows(placed(batch.select(PLACE_COLUMNS)))
    return {cid: stream for cid, stream, _prev in rows if cid in wanted}


def with_streams(batch: pa.RecordBatch, streams: Links) -> pa.RecordBatch:
    """A batch of `CHECKED_EVENTS` with these streams, by the events' CIDs, filled in where it tells none."""
    if not streams or not batch.column("stream_cid").null_count:
        return batch
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    found = pa.array([streams.get(cid) for cid in batch.column("event_cid").to_pylist()], pa.binary())
    columns["stream_cid"] = pc.coalesce(columns["stream_cid"], found)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=CHECKED_EVENTS)
