"""Rows of the tables: as many values as columns, in an order that is always the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InitEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reasons import Reason
from ceramic_protocol.row_layout import Row
from ceramic_protocol.rows import (
    ShardOrder,
    StreamRows,
    anchor_range,
    is_concluded,
    metadata_of,
    refusal_columns,
    shard_of,
    stream_rows,
)
from ceramic_protocol.tables import (
    CONCLUSION_EVENTS,
    EVENT_STATES,
    REJECTED,
    SHARD_SHIFT,
    STREAM_SHARDS,
    STREAM_STATES,
    STREAM_TIPS,
    TABLES,
    Table,
)
from tests.support import corpus, pipeline, signing, strategies
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT, RULES
from tests.support.signing import Made, ed25519

PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "binary": bytes,
    "utf8": str,
    "uint8": int,
    "uint32": int,
    "uint64": int,
    "int32": int,
    "bool": bool,
    "list<binary>": list,
    "list<utf8>": list,
    "dimensions": list,
}

ME = ed25519()
CHAIN = KnownChain()
INIT = signing.init(ME, {"n": 0}, unique=b"u", context=b"c")
A = signing.data(ME, INIT, INIT, [{"op": "add", "path": "/a", "value": 1}], shouldIndex=False)
T = signing.time(INIT, A, CHAIN, 500)
SIDE = signing.data(ME, INIT, INIT, [{"op": "add", "path": "/side", "value": 1}])
BAD = signing.data(ME, INIT, A, [{"op": "test", "path": "/a", "value": 2}])
FORGED = signing.data(ed25519(2), INIT, A, [])


def history(*events: Made) -> StreamHistory:
    return evaluate(INIT.cid, signing.known(*events, chain=CHAIN), RULES, CONTEXT)


ALL = history(INIT, A, T, SIDE, BAD, FORGED)


def named(table: Table, row: Row) -> dict[str, Any]:
    return dict(zip(table.names, row, strict=True))


def by_table(rows: StreamRows) -> list[tuple[Table, list[Row]]]:
    return [(table, rows.of(table)) for table in TABLES if table is not REJECTED]


def check_row(table: Table, row: Row) -> None:
    assert len(row) == len(table.fields)
    for field, value in zip(table.fields, row, strict=True):
        if value is None:
            assert field.nullable, field.name
            continue
        assert isinstance(value, PYTHON_TYPES[field.type]), (field.name, value)
        if field.type.startswith("uint"):
            assert value in range(1 << int(field.type[4:]))


def test_tables_have_names_of_their_own_and_known_types() -> None:
    assert len({table.name for table in TABLES}) == 5
    for table in TABLES:
        assert len(set(table.names)) == len(table.fields)
        assert {field.type for field in table.fields} <= PYTHON_TYPES.keys()
        assert all(field.doc for field in table.fields)


def test_columns_of_ceramic_one_come_first() -> None:
    stream = ["stream_cid", "stream_type", "controller", "dimensions"]
    event = [*stream, "event_cid", "event_type"]
    firsts = {
        CONCLUSION_EVENTS: ["conclusion_event_order", *event, "data", "previous", "before", "chain_id"],
        EVENT_STATES: [
            *("conclusion_event_order", "event_state_order", *event, "event_height", "data"),
            *("validation_errors", "before", "chain_id", "event_cid_partition"),
        ],
        STREAM_TIPS: ["event_state_order", "stream_tip_order", *stream, "tips"],
        STREAM_STATES: ["stream_tip_order", "stream_state_order", *event, "event_height", "data"],
    }
    for table, names in firsts.items():
        assert list(table.names[: len(names)]) == names


def test_the_rows_of_a_stream() -> None:
    rows = stream_rows(ALL, ShardOrder(3))
    for table, found in by_table(rows):
        assert found
        for row in found:
            check_row(table, row)
    conclusions = {
        row["event_cid"]: row for row in (named(CONCLUSION_EVENTS, row) for row in rows.of(CONCLUSION_EVENTS))
    }
    states = {row["event_cid"]: row for row in (named(EVENT_STATES, row) for row in rows.of(EVENT_STATES))}
    # What was refused by its state stands in the tables with its errors; what was refused before doesn't.
    assert conclusions.keys() == states.keys() == {event.cid for event in (INIT, A, T, SIDE, BAD)}
    assert states[BAD.cid]["validation_errors"][0].startswith("patch_failed: ")
    assert states[BAD.cid]["data"] is None
    assert all(states[event.cid]["validation_errors"] == [] for event in (INIT, A, T, SIDE))
    assert [states[event.cid]["event_height"] for event in (INIT, A, T, SIDE, BAD)] == [0, 1, 2, 1, 2]
    assert [states[event.cid]["canonical"] for event in (INIT, A, T, SIDE, BAD)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [states[event.cid]["anchored_at"] for event in (INIT, A, T, SIDE)] == [500, 500, 500, None]
    assert [states[event.cid]["before"] for event in (INIT, A, T)] == [None, None, 500]
    assert states[T.cid]["data"] == states[A.cid]["data"]
    assert states[A.cid]["event_cid_partition"] == A.cid[-1]
    assert [conclusions[event.cid]["event_type"] for event in (INIT, A, T)] == [0, 0, 1]
    assert [conclusions[event.cid]["previous"] for event in (INIT, A, T)] == [None, [INIT.cid], [A.cid]]


def test_what_an_event_itself_says() -> None:
    rows = [named(CONCLUSION_EVENTS, row) for row in stream_rows(ALL, ShardOrder(0)).of(CONCLUSION_EVENTS)]
    data = {row["event_cid"]: row["data"] for row in rows}
    assert data[INIT.cid] == b'{"metadata":{"shouldIndex":true},"content":{"n":0}}'
    assert data[A.cid] == b'{"metadata":{"shouldIndex":false},"content":[{"op":"add","path":"/a","value":1}]}'
    assert data[SIDE.cid] == b'{"metadata":{},"content":[{"op":"add","path":"/side","value":1}]}'
    assert data[T.cid] is None
    for row in rows:
        assert row["dimensions"] == [
            ("model", bytes(signing.ANY_MODEL)),
            ("controller", ME.did.encode()),
            ("context", b"c"),
            ("unique", b"u"),
        ]
        assert (row["signer"], row["capability_cid"]) == (None if row["event_cid"] == T.cid else ME.did, None)


def test_the_stream_has_one_row_with_its_tip() -> None:
    rows = stream_rows(ALL, ShardOrder(0))
    tips, state = named(STREAM_TIPS, rows.of(STREAM_TIPS)[0]), named(STREAM_STATES, rows.of(STREAM_STATES)[0])
    assert tips["tips"] == [T.cid, SIDE.cid]
    numbers = {row[CONCLUSION_EVENTS.names.index("event_cid")]: row[0] for row in rows.of(CONCLUSION_EVENTS)}
    assert tips["event_state_order"] == numbers[T.cid]
    assert (state["event_cid"], state["event_height"], state["reverted"]) == (T.cid, 2, [SIDE.cid])
    assert json.loads(state["data"])["content"] == {"n": 0, "a": 1}
    assert (state["anchored_at"], state["first_anchored_at"], state["last_anchored_at"]) == (500, 500, 500)
    assert state["model"] == str(signing.ANY_MODEL)
    assert state["stream_id"] == str(ALL.stream_id)
    assert anchor_range(ALL) == (500, 500)
    assert anchor_range(history(INIT)) == (None, None)


def test_a_stream_without_init_has_no_rows() -> None:
    assert stream_rows(history(A, T), ShardOrder(0)) == StreamRows()


def test_refusals() -> None:
    first = REJECTED.names[: REJECTED.names.index("detail") + 1]
    bad, forged = (refusal_columns(ALL.judged[event.cid], "kx") for event in (BAD, FORGED))
    assert bad is not None
    assert forged is not None
    assert len(bad) == len(forged) == len(first)
    assert bad[:5] == ("rejected", BAD.cid, "kx", "state", "patch_failed")
    assert forged[:5] == ("rejected", FORGED.cid, "kx", "auth", "signer_not_controller")
    assert refusal_columns(ALL.judged[A.cid], None) is None
    missing = refusal_columns(history(INIT, T).judged[T.cid], None)
    assert missing is not None
    assert missing[0] == "pending"
    assert not is_concluded(history(INIT, T).judged[T.cid])


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_columns(reason: Reason) -> None:
    item = ALL.judged[A.cid]
    refused = refusal_columns(type(item)(item.event, reason, "why", 1), None)
    assert refused == (reason.outcome.value, A.cid, None, reason.layer.value, reason.value, "why")


def orders(rows: Sequence[StreamRows]) -> list[int]:
    return [row[0] for part in rows for row in part.of(CONCLUSION_EVENTS)]


@given(strategies.trees(), st.integers(0, STREAM_SHARDS - 1))
def test_numbers_rise_and_prev_is_always_smaller(events: list[Any], shard: int) -> None:
    order = ShardOrder(shard)
    known = EventSet.of(events)
    parts = [stream_rows(evaluate(events[0].cid, known, RULES, CONTEXT), order) for _ in range(2)]
    assert orders(parts) == [(shard << SHARD_SHIFT) | rank for rank in range(1, 2 * len(events) + 1)]
    for part in parts:
        numbers = {row[5]: row[0] for row in part.of(CONCLUSION_EVENTS)}
        for row in part.of(CONCLUSION_EVENTS):
            found = named(CONCLUSION_EVENTS, row)
            assert all(numbers[prev] < row[0] for prev in found["previous"] or [])
        keys = [(row[8], row[6]) for row in part.of(EVENT_STATES)]
        assert keys == sorted(keys)


def test_the_shard_is_the_last_byte_of_the_init() -> None:
    assert shard_of(INIT.cid) == INIT.cid[-1] < STREAM_SHARDS
    assert shard_of(Cid.of(b"x")) == Cid.of(b"x").digest[-1]


def test_every_row_of_the_sample_fits_its_table() -> None:
    count = 0
    order = ShardOrder(0)
    for found in pipeline.histories(pipeline.read(corpus.cars(), corpus.chain())).values():
        for table, rows in by_table(stream_rows(found, order)):
            for row in rows:
                check_row(table, row)
                count += 1
    assert count > 4000


def test_metadata_as_js_ceramic_names_it() -> None:
    event = INIT.decode()
    assert isinstance(event, InitEvent)
    assert metadata_of(event.header, {"shouldIndex": True}) == {
        "controllers": [ME.did],
        "model": str(signing.ANY_MODEL),
        "context": b"c",
        "unique": b"u",
        "shouldIndex": True,
    }
