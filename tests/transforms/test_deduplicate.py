"""One copy of each event, whatever stands how often where."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.verify import Verifier
from ceramic_transforms import CHECKED_EVENTS, DeduplicateEvents, read_counters
from ceramic_transforms.batches import checked_row, raw_batch, raw_items, to_batch
from ceramic_transforms.metrics import DUPLICATES
from tests.connectors.event_sources.source_contract import signed_events


def run(batches: list[pa.RecordBatch], check: Any) -> Counter[str]:
    pipeline = TestPipeline(runner="FnApiRunner")
    made = pipeline | beam.Create(batches).with_output_types(pa.RecordBatch)
    assert_that(made | DeduplicateEvents(), check)
    result = pipeline.run()
    result.wait_until_finish()
    return Counter(read_counters(result))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_any_number_of_copies_of_any_event_leaves_the_first(size: int) -> None:
    chance = random.Random(size)
    events = signed_events()
    items: list[SourceItem] = []
    for number, event in enumerate(events):
        items += [RawEvent(event.car, event.cid, "b", at) for at in range(number % 5)]
        items.append(RawEvent(event.car, event.cid, "a", number))
    chance.shuffle(items)
    batches = [raw_batch(items[start : start + size]) for start in range(0, len(items), size)]

    def check(found: list[pa.RecordBatch]) -> None:
        kept = [item for batch in found for item in raw_items(batch)]
        assert {item.source for item in kept} == {"a"}
        assert sorted(item.position for item in kept) == list(range(len(events)))

    assert run(batches, check)[DUPLICATES] == len(items) - len(events)


def test_other_bytes_another_cid_damage_and_what_has_no_cid_stay() -> None:
    event = signed_events()[0]
    items: list[SourceItem] = [
        RawEvent(event.car, event.cid, "a", 1),
        RawEvent(event.car, event.cid, "a", 2),
        RawEvent(event.car + b"more", event.cid, "a", 3),
        RawEvent(event.car, None, "a", 4),
        RawEvent(b"no CAR", None, "a", 5),
        RawEvent(b"no CAR", None, "a", 8),
        RawEvent(event.car, Cid.of(b"another"), "a", 9),
        Damage("torn", "a", 6, 1, b"x"),
        Damage("torn", "a", 7, 1, b"x"),
    ]

    def check(found: list[pa.RecordBatch]) -> None:
        kept = [item.position for batch in found for item in raw_items(batch)]
        assert sorted(kept) == [1, 3, 5, 6, 7, 8, 9]

    assert run([raw_batch(items[:3]), raw_batch(items[3:])], check)[DUPLICATES] == 2


def test_checked_events_too() -> None:
    event = signed_events()[0]
    checked = Verifier().check(RawEvent(event.car, event.cid, "a", 0))
    assert not isinstance(checked, InvalidEvent)
    rows = [checked_row(checked, RawEvent(event.car, event.cid, "a", at)) for at in (3, 1, 2)]

    def check(found: list[pa.RecordBatch]) -> None:
        assert [batch.column("position").to_pylist() for batch in found] == [[1]]

    assert run([to_batch(CHECKED_EVENTS, [row]) for row in rows], check)[DUPLICATES] == 2
