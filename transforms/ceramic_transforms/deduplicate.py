"""One copy of each event, out of sources that overlap."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol import car
from ceramic_protocol.errors import DecodeError
from ceramic_transforms.batches import RAW_EVENTS
from ceramic_transforms.shards import shards_of_copies
from ceramic_transforms.unite import SplitByShard, UniteEvents


@with_input_types(pa.RecordBatch)
@with_output_types(pa.RecordBatch)
class DeduplicateEvents(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[pa.RecordBatch]]):
    """Leave one copy of each event, by its CID, however many there are.

    Takes bounded collections of batches of `RAW_EVENTS`, or of `CHECKED_EVENTS`. Before `VerifyEvents` it
    saves the check of the copies, for a shuffle of all bytes. `ResolveStreams` needs none of it: what it
    makes depends on the set of events alone.

    Copies are dropped if their bytes are the same too. One with other bytes stays: a CID alone proves
    nothing, and one copy may have a capability or a witness that the other lacks. The copy stays that stands
    first by `source` and `position`. Where a source names no CID, as topics don't, it is that of the CAR's
    root, and `event_cid` says so from then on. Damage stays as it is. The counter `duplicates` says how many
    were dropped.
    """

    def expand(self, events: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[pa.RecordBatch]:
        """Bring copies together, before and after a shuffle."""
        split = beam.ParDo(SplitByShard(shards_of_copies)).with_output_types(tuple[int, pa.RecordBatch])
        named = events | "Name" >> beam.Map(_named).with_output_types(pa.RecordBatch)
        united = named | "ByCid" >> split | "Unite" >> beam.CombinePerKey(UniteEvents())
        return united | "Batches" >> beam.FlatMap(_batches).with_output_types(pa.RecordBatch)

    def display_data(self) -> dict[str, Any]:
        """What counts as the same."""
        return {"same": "event_cid,car"}


def _named(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With the CID of each event, as far as its CAR tells it."""
    at = batch.schema.get_field_index("event_cid")
    if batch.schema != RAW_EVENTS or not batch.column(at).null_count:
        return batch
    columns = (batch.column(name).to_pylist() for name in ("event_cid", "damage", "car"))
    cids = [_root(data) if cid is damage is None else cid for cid, damage, data in zip(*columns, strict=True)]
    return batch.set_column(at, batch.schema.field(at), pa.array(cids, pa.binary()))


def _root(data: bytes) -> bytes | None:
    try:
        roots, _end = car.read_roots(data)
    except DecodeError:
        return None
    return roots[0] if len(roots) == 1 else None


def _batches(united: tuple[int, list[pa.RecordBatch]]) -> list[pa.RecordBatch]:
    return united[1]
