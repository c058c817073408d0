"""Record batches: what goes in comes out."""

from __future__ import annotations

import pyarrow as pa
from apache_beam import coders

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batch_builders import BatchBuilder
from ceramic_transforms.batches import (
    CHECKED_EVENTS,
    RAW_EVENTS,
    checked_event,
    checked_row,
    raw_batch,
    raw_items,
    to_batch,
    to_rows,
)
from tests.support import corpus, signing
from tests.support.chains import KnownChain


def _raw_sample() -> list[RawEvent]:
    return [RawEvent(car, None, "sample", index) for index, car in enumerate(corpus.cars().values())]


def test_raw_items_survive_a_batch() -> None:
    items: list[SourceItem] = [*_raw_sample()[:50], Damage("garbage", "sample", 7, 3, b"abc")]
    assert list(raw_items(raw_batch(items))) == items


def test_checked_events_survive_a_batch() -> None:
    pairs = [(Verifier(corpus.chain()).check(raw), raw) for raw in _raw_sample()]
    checked = [(event, raw) for event, raw in pairs if isinstance(event, CheckedEvent)]
    assert len(checked) > 2900
    batch = to_batch(CHECKED_EVENTS, [checked_row(event, raw) for event, raw in checked])
    assert [checked_event(row) for row in to_rows(batch)] == [event for event, _raw in checked]


def test_an_event_without_a_stream_survives_a_batch() -> None:
    chain = KnownChain()
    anchored = signing.init(signing.ed25519(1))
    made = [signing.time(stream, anchored, chain) for stream in (None, anchored)]
    events = [event.check(chain) for event in made]
    assert [event.stream for event in events] == [None, anchored.cid]
    raws = [RawEvent(event.car, None, "made", 0) for event in made]
    batch = to_batch(CHECKED_EVENTS, list(map(checked_row, events, raws)))
    batch.validate(full=True)
    assert [checked_event(row) for row in to_rows(batch)] == events


def test_batches_cross_a_process_border_as_arrow_ipc() -> None:
    coder = coders.registry.get_coder(pa.RecordBatch)
    batch = raw_batch(_raw_sample()[:10])
    encoded = coder.encode(batch)
    assert pa.ipc.open_stream(encoded).read_all().to_batches() == [batch]
    assert coder.decode(encoded).equals(batch)


def test_empty_batches_keep_their_schema() -> None:
    assert to_batch(RAW_EVENTS, []).schema == RAW_EVENTS
    assert BatchBuilder(RAW_EVENTS).flush() is None


def test_builder_closes_a_batch_by_rows_and_by_bytes() -> None:
    builder = BatchBuilder(pa.schema([("data", pa.binary())]))
    assert list(builder.add([(b"",)] * (MAX_BATCH_EVENTS - 1))) == []
    assert [batch.num_rows for batch in builder.add([(b"",), (None,)])] == [MAX_BATCH_EVENTS]
    assert [batch.num_rows for batch in builder.add([(bytes(MAX_BATCH_BYTES),), (b"",)])] == [2]
    rest = builder.flush()
    assert rest is not None
    assert rest.num_rows == 1
