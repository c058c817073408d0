"""Batches of several tables made of rows that they share, beside those made of each table's own rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.row_layout import EVENT_ROWS, STREAM_ROWS, Layout, Row
from ceramic_transforms.batch_builders import TableBuilder
from ceramic_transforms.batches import to_batch

STREAMS: list[Row] = [
    (
        b"cid%d" % number,
        number,
        f"did:{number}",
        [("model", b"m"), ("unique", b"%d" % number)],
        f"k{number}",
        None if number else "m",
        "strict",
    )
    for number in range(3)
]
VALUES: dict[str, Any] = {
    "tips": [b"tip"],
    "reverted": [],
    "previous": [b"prev"],
    "validation_errors": ["why"],
    "chain_id": "eip155:1",
    "signer": "did:signer",
    "canonical": True,
    **dict.fromkeys(("event_cid", "said", "data", "capability_cid"), b"bytes"),
}


def row(layout: Layout, stream: int, number: int) -> Row:
    first, *others = (VALUES.get(name, number) for name in layout.names)
    assert first == number
    return STREAMS[stream], first, *others


@pytest.mark.parametrize("layout", [EVENT_ROWS, STREAM_ROWS])
@given(streams=st.lists(st.integers(0, len(STREAMS) - 1), min_size=1, max_size=20))
def test_each_table_is_as_if_its_rows_were_made_for_it_alone(layout: Layout, streams: list[int]) -> None:
    rows = [row(layout, stream, number) for number, stream in enumerate(streams)]
    builder = TableBuilder(layout)
    assert list(builder.add(rows)) == []
    found = builder.flush()
    assert found is not None
    for table, _renamed in layout.tables:
        alone = to_batch(arrow_schema(table), layout.rows_of(table, rows))
        assert found[table.name].schema == alone.schema
        assert found[table.name].to_pylist() == alone.to_pylist()
    assert builder.flush() is None


def test_batches_are_bounded_in_rows_and_in_bytes() -> None:
    builder = TableBuilder(EVENT_ROWS)
    full = list(builder.add(row(EVENT_ROWS, 0, number) for number in [0] * (MAX_BATCH_EVENTS + 1)))
    assert [batch.num_rows for each in full for batch in each.values()] == [MAX_BATCH_EVENTS] * 2
    place = EVENT_ROWS.names.index("data") + 1
    large = list(row(EVENT_ROWS, 0, 0))
    large[place] = bytes(MAX_BATCH_BYTES)
    assert [batch.num_rows for each in builder.add([tuple(large)]) for batch in each.values()] == [2, 2]
