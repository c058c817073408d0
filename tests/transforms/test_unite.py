"""The set of a shard's events: what Beam may do to it leaves no trace."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.streams import linear, make_stream
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batches import CHECKED_EVENTS, checked_row, to_batch, to_rows
from ceramic_transforms.unite import UniteEvents

Row = tuple[Any, ...]


@cache
def events() -> list[Row]:
    rows = []
    for position, made in enumerate(make_stream(1, linear(6))):
        checked = Verifier().check(made.raw)
        assert not isinstance(checked, InvalidEvent)
        rows.append(checked_row(checked, RawEvent(made.raw.car, made.cid, "archive", position)))
    return rows


def copy_of(row: Row, position: int) -> Row:
    return *row[:-2], "archive", position


drawn = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=30)


@given(drawn, st.integers(0, 2**32))
@settings(deadline=None)
def test_order_copies_and_parts_leave_no_trace(chosen: list[tuple[int, int]], seed: int) -> None:
    rows = [copy_of(events()[number], position) for number, position in chosen]
    wanted: dict[bytes, int] = {}
    for row in rows:
        wanted[row[0]] = min(wanted.get(row[0], row[-1]), row[-1])
    found = combined(rows, random.Random(seed))
    assert {row[0]: row[-1] for row in found} == wanted
    assert len(found) == len(wanted)


def combined(rows: list[Row], chance: random.Random) -> list[Row]:
    """As a runner would: in any order, in parts of any size, with any of the steps in between."""
    unite = UniteEvents()
    parts: list[list[pa.RecordBatch]] = [unite.create_accumulator()]
    shuffled = chance.sample(rows, len(rows))
    while shuffled:
        accumulator = unite.create_accumulator()
        for _ in range(chance.randint(1, 3)):
            size = chance.randint(1, 4)
            some, shuffled = shuffled[:size], shuffled[size:]
            if some:
                accumulator = unite.add_input(accumulator, to_batch(CHECKED_EVENTS, some))
        parts.append(unite.compact(accumulator) if chance.random() < 0.5 else accumulator)
    while len(parts) > 1:
        parts = [unite.merge_accumulators(parts[:3]), *parts[3:]]
    batches: list[pa.RecordBatch] = unite.extract_output(unite.compact(parts[0]))
    return [row for batch in batches for row in to_rows(batch)]


def test_another_copy_of_other_bytes_is_kept() -> None:
    """Which one says more is for the resolution to find out."""
    row = events()[0]
    place = CHECKED_EVENTS.get_field_index("car")
    other = (*row[:place], row[place] + b"more", *row[place + 1 :])
    unite = UniteEvents()
    batches = unite.compact([to_batch(CHECKED_EVENTS, [row]), to_batch(CHECKED_EVENTS, [other, row])])
    assert sum(batch.num_rows for batch in batches) == 2
