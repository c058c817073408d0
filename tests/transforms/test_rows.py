"""Batches as rows with a schema, and back."""

from __future__ import annotations

from typing import Any, Optional

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam import coders
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.typehints.schemas import named_fields_from_element_type
from hypothesis import given, settings
from hypothesis import strategies as st

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError, find_marked
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.tables import STREAM_STATES, TABLES
from ceramic_transforms import CHECKED_EVENTS, RAW_EVENTS, BatchesToRows, RowsToBatches, TableToRows
from ceramic_transforms.batches import raw_batch, to_batch
from ceramic_transforms.row_batches import _Collect
from ceramic_transforms.rows import _changes, _rows_of, row_type
from ceramic_transforms.table_parts import TablePart

SCHEMAS = {
    "raw": RAW_EVENTS,
    "checked": CHECKED_EVENTS,
    **{table.name: arrow_schema(table) for table in TABLES},
}
STATES = arrow_schema(STREAM_STATES)


def values(kind: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_map(kind):
        values = st.none() | st.binary(max_size=4)
        return st.dictionaries(st.text(max_size=4), values, max_size=3).map(lambda each: list(each.items()))
    if pa.types.is_list(kind):
        return st.lists(st.text(max_size=3) if pa.types.is_string(kind.value_type) else st.binary(max_size=3))
    if pa.types.is_boolean(kind):
        return st.booleans()
    if pa.types.is_integer(kind):
        bits = kind.bit_width - (pa.types.is_signed_integer(kind) or kind.bit_width == 64)
        return st.integers(0, 2**bits - 1)
    return st.text(max_size=4) if pa.types.is_string(kind) else st.binary(max_size=4)


def rows_like(schema: pa.Schema) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    columns = [st.none() | values(each.type) if each.nullable else values(each.type) for each in schema]
    return st.lists(st.tuples(*columns), min_size=1, max_size=4)


def collected(rows: list[Any], schema: pa.Schema) -> pa.Table:
    collect = _Collect(schema)
    collect.start_bundle()
    found = [batch for row in rows for batch in collect.process(row)]
    return pa.Table.from_batches([*found, *(each.value for each in collect.finish_bundle())], schema)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_rows_come_back_as_they_were(schema: pa.Schema, data: st.DataObject) -> None:
    """Also through the coder, which is what a shuffle does to them."""
    batch = to_batch(schema, data.draw(rows_like(schema)))
    coder = coders.registry.get_coder(row_type(schema))
    assert isinstance(coder, coders.RowCoder)
    rows = list(_rows_of(batch, _changes(schema, as_text=False)))
    assert collected(rows, schema).to_pylist() == batch.to_pylist()
    assert (
        collected([coder.decode(coder.encode(row)) for row in rows], schema).to_pylist() == batch.to_pylist()
    )


def test_in_a_pipeline_with_a_shuffle() -> None:
    batch = raw_batch([RawEvent(b"car %d" % at, Cid.of(b"%d" % at), "a", at) for at in range(2500)])
    with TestPipeline(runner="FnApiRunner") as pipeline:
        batches = pipeline | beam.Create([batch]).with_output_types(pa.RecordBatch)
        rows = batches | BatchesToRows(RAW_EVENTS)
        fields: dict[str, Any] = dict(named_fields_from_element_type(rows.element_type))
        assert (fields["car"], fields["event_cid"]) == (bytes, Optional[bytes])  # noqa: UP045
        again = rows | beam.Reshuffle() | RowsToBatches(RAW_EVENTS)
        positions = again | beam.FlatMap(lambda found: found.column("position").to_pylist())
        assert_that(positions, equal_to(list(range(2500))))


def test_text_for_readers() -> None:
    cid = Cid.of(b"tip")
    row: dict[str, Any] = {
        name: None if field.nullable else _some(field.type)
        for name, field in zip(STATES.names, STATES, strict=True)
    }
    row |= {"event_cid": cid, "stream_cid": cid, "reverted": [cid], "data": b'{"content":{"a":"\xc3\xbc"}}'}
    made: Any
    (made,) = _rows_of(to_batch(STATES, [tuple(row.values())]), _changes(STATES, as_text=True))
    assert (made.event_cid, made.reverted) == (str(cid), [str(cid)])
    assert made.data == '{"content":{"a":"ü"}}'
    kind: Any = row_type(STATES, as_text=True)
    types = dict(named_fields_from_element_type(kind))
    assert types["event_cid"] is str
    coder = coders.registry.get_coder(kind)
    assert coder.decode(coder.encode(made)).reverted == [str(cid)]


def _some(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return []
    return 0 if pa.types.is_integer(kind) else "" if pa.types.is_string(kind) else b""


def test_one_table_out_of_all() -> None:
    schema = arrow_schema(TABLES[-1])
    row = ("rejected", None, None, "wire", "cbor_malformed", None, b"x", "a", 7)
    parts = [
        TablePart("rejected", 0, 1, to_batch(schema, [row])),
        TablePart("stream_states", 0, 1, to_batch(STATES, [])),
    ]
    with TestPipeline(runner="FnApiRunner") as pipeline:
        made = pipeline | beam.Create(parts).with_output_types(TablePart) | TableToRows("rejected")
        assert_that(
            made | beam.Map(lambda row: (row.reason, row.position)), equal_to([("cbor_malformed", 7)])
        )
    with pytest.raises(UsageError, match="there is no table 'x'; there are conclusion_events"):
        TableToRows("x")


def test_rows_of_another_kind_are_refused_when_the_pipeline_is_built() -> None:
    pipeline = TestPipeline(runner="FnApiRunner")
    wrong = [
        ("no rows", beam.Create([1]), "rows with a schema are wanted"),
        ("a column less", beam.Create([beam.Row(car=b"")]), "no column event_cid; they have car"),
        (
            "another type",
            beam.Create([beam.Row(car=b"", event_cid="b", damage="", reason="", source="", position=1)]),
            "the column event_cid is .*str.* and should be",
        ),
    ]
    for name, create, told in wrong:
        with pytest.raises(UsageError, match=told):
            _ = pipeline | name >> create | f"{name}, to batches" >> RowsToBatches(RAW_EVENTS)


def test_a_number_that_beam_has_no_type_for_is_an_error_of_ours() -> None:
    """As a file with transactions may say of a time what it likes."""
    batch = raw_batch([RawEvent(b"", None, "a", 2**63 - 1), RawEvent(b"", None, "a", 2**63)])
    assert len(list(_rows_of(batch.slice(0, 1), _changes(RAW_EVENTS, as_text=False)))) == 1
    with pytest.raises(UsageError, match="position has a number beyond 63 bits"):
        list(_rows_of(batch, _changes(RAW_EVENTS, as_text=False)))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"position": -1}, "doesn't fit the columns"),
        ({"position": 2**70}, "doesn't fit the columns"),
        ({"source": None}, "source"),
        ({"event_cid": "text"}, "event_cid is text"),
        ({"car": 7}, "doesn't fit the columns"),
    ],
)
def test_values_that_dont_fit_are_an_error_of_ours(value: dict[str, Any], told: str) -> None:
    """Types are known no better than a mapping in YAML tells them."""
    row = beam.Row(**{"car": b"", "event_cid": None, "source": "", "position": 0, **value})
    with pytest.raises(UsageError, match=told) as caught:
        collected([row], RAW_EVENTS)
    assert isinstance(find_marked(str(caught.value)), UsageError)
