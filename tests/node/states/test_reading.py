"""Reading states: as of an event or a time, and the tables as Arrow."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_STATES, STREAM_STATES, STREAM_TIPS
from tests.node.states.following import NOTE, Following, note
from tests.node.states.making import data, time
from tests.node.states.oracle import read_all
from tests.node.states.world import EVENTS

ONE = note("one", {"text": "x"})
FIRST = data(ONE, ONE, 1)
STAMP = time(ONE, FIRST, 500)
LAST = data(ONE, STAMP, 2)
ASIDE = data(ONE, ONE, [{"op": "replace", "path": "/nowhere/x", "value": 1}])


@pytest.fixture
def following() -> Following:
    made = Following()
    made.put(NOTE, ONE, FIRST, STAMP, LAST, ASIDE)
    made.settle()
    return made


def test_a_stream_as_it_was(following: Following) -> None:
    reader, stream = following.reader, ONE.checked.cid
    found = reader.state_at(stream, commit=FIRST.checked.cid)
    assert found is not None
    assert found.state is not None
    assert b'"a":1' in found.state.json
    for seconds, event in ((499, ONE), (500, STAMP), (9_999, STAMP)):
        found = reader.state_at(stream, time=seconds)
        assert found is not None
        assert found.event.cid == event.checked.cid
    assert reader.state_at(Cid.of(b"?"), time=5) is None
    with pytest.raises(UsageError, match="patch_failed"):
        reader.state_at(stream, commit=ASIDE.checked.cid)
    with pytest.raises(IdentifierError):
        reader.state_at(stream, commit=NOTE.checked.cid)
    with pytest.raises(UsageError):
        reader.state_at(stream)
    with pytest.raises(UsageError):
        reader.state_at(stream, commit=stream, time=5)


def test_streams_and_events(following: Following) -> None:
    found = following.reader.state(ONE.checked.cid)
    assert found is not None
    assert found.tip is not None
    assert (found.row.length, found.tip.cid, found.tip.height) == (4, LAST.checked.cid, 3)
    assert found.tip.data is not None
    assert b'"a":2' in found.tip.data
    assert following.reader.state(Cid.of(b"?")) is None
    event = following.reader.event(FIRST.checked.cid, ONE.checked.cid)
    assert event is not None
    assert event.anchored_at == 500
    assert [change.correction.new_tip for change in following.reader.changes(0, 9)] == [
        NOTE.checked.cid,
        LAST.checked.cid,
    ]


def test_the_tables_are_arrow(following: Following) -> None:
    following.put(*EVENTS)
    following.settle()
    reader = following.reader
    for table, read in (
        (CONCLUSION_EVENTS, reader.conclusion_events),
        (EVENT_STATES, reader.event_states),
        (STREAM_TIPS, reader.stream_tips),
        (STREAM_STATES, reader.stream_states),
    ):
        rows = read_all(read)
        assert len(rows) > 30
        schema = arrow_schema(table)
        columns = [
            pa.array(column, field.type)
            for column, field in zip(zip(*rows, strict=True), schema, strict=True)
        ]
        assert pa.Table.from_arrays(columns, schema=schema).num_rows == len(rows)


def test_conclusions_wait_for_their_verdicts() -> None:
    following = Following()
    following.put(NOTE, ONE)
    following.settle()
    following.put(FIRST)
    page = following.reader.conclusion_events(0, 10)
    assert [row[5] for row in page.rows] == [NOTE.checked.cid, ONE.checked.cid]
    assert following.reader.conclusion_events(page.after, 10) == ([], page.after)
    following.settle()
    assert [row[5] for row in following.reader.conclusion_events(page.after, 10).rows] == [FIRST.checked.cid]


def test_rebuilding_gives_no_number_again(following: Following) -> None:
    before = {row[6]: row for row in read_all(following.reader.event_states)}
    head = following.states.head()
    following.follower.rebuild()
    assert following.states.stream(ONE.checked.cid) is None
    following.check()
    after = {row[6]: row for row in read_all(following.reader.event_states)}
    assert {cid: row[2:] for cid, row in after.items()} == {cid: row[2:] for cid, row in before.items()}
    assert min(row[1] for row in after.values()) > head.number
    assert min(change.position for change in following.states.changes(0, 99)) > head.number
    assert following.states.head().generation == head.generation


def test_events_that_went_back_to_an_older_copy(following: Following) -> None:
    """After a restore from a backup the states know more than there is."""
    older = Following(following.states)
    older.put(NOTE)
    older.check()
    assert older.states.stream(ONE.checked.cid) is None
