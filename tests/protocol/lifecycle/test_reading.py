"""States by StreamID, CommitID and time, and queries in pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, CommitId, StreamId
from ceramic_protocol.lifecycle.errors import StreamUnknown
from ceramic_protocol.stored import StreamFilter
from tests.protocol.lifecycle.world import ALICE, BOB, DEFINITION, UNIQUE, World, anchor_of

T1, T2 = 1_700_000_000, 1_700_086_400


def at(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)


def test_a_stream_as_it_was() -> None:
    world = World()
    streams = world.streams
    first = streams.create(world.model(), {"text": "1"}, BOB, unique=UNIQUE).state
    stream = first.stream_id
    time_1 = world.anchor(stream.cid, first.event, T1)
    second = streams.update(stream, {"text": "2"}, BOB, expected_tip=time_1).state
    time_2 = world.anchor(stream.cid, second.event, T2)
    third = streams.update(stream, {"text": "3"}, BOB, expected_tip=time_2).state
    assert [
        (state.event, state.content, state.anchored_at, state.is_tip)
        for state in (
            streams.state(stream),
            streams.state(CommitId.of(stream)),
            streams.state(CommitId.of(stream, time_1)),
            streams.state(second.commit_id),
            streams.state(stream, as_of=at(T1 - 1)),
            streams.state(stream, as_of=at(T1)),
            streams.state(stream, as_of=at(T2)),
        )
    ] == [
        (third.event, {"text": "3"}, None, True),
        (first.event, {"text": "1"}, T1, False),
        (time_1, {"text": "1"}, T1, False),
        (second.event, {"text": "2"}, T2, False),
        (first.event, {"text": "1"}, T1, False),
        (time_1, {"text": "1"}, T1, False),
        (time_2, {"text": "2"}, T2, False),
    ]
    with pytest.raises(UsageError, match="names an event"):
        streams.state(second.commit_id, as_of=at(T1))
    with pytest.raises(UsageError, match="zone"):
        streams.state(stream, as_of=at(T1).replace(tzinfo=None))
    with pytest.raises(IdentifierError):
        streams.state(CommitId.of(stream, Cid.of(b"?")))


def test_an_event_that_is_pending_has_no_state() -> None:
    world = World()
    first = world.streams.create(world.model(), {"text": "1"}, BOB, unique=UNIQUE).state
    pending = world.anchor(first.stream_id.cid, first.event, is_known=False)
    assert world.streams.state(first.stream_id).event == first.event
    with pytest.raises(UsageError, match="pending"):
        world.streams.state(CommitId.of(first.stream_id, pending))
    world.prove(first.event)
    world.put(anchor_of(first.stream_id.cid, first.event))
    assert world.streams.state(first.stream_id).event == pending


def test_a_document_whose_model_comes_later() -> None:
    world = World()
    model = ALICE.model(DEFINITION)
    post = BOB.init(StreamId.of(MODEL, model.cid), {"text": "hi"}, unique=UNIQUE)
    world.put(post)
    stream = StreamId.of(MODEL_INSTANCE, post.cid)
    with pytest.raises(StreamUnknown, match="model_missing"):
        world.streams.state(stream)
    assert list(world.streams.query()) == []
    world.put(model)
    assert world.streams.state(stream).content == {"text": "hi"}


def test_a_prev_of_another_stream_is_known_for_what_it_is() -> None:
    world = World()
    model = world.model()
    one, other = (
        world.streams.create(model, {"text": "1"}, BOB, unique=UNIQUE + name).state for name in (b"1", b"2")
    )
    strange = BOB.data(one.stream_id.cid, other.event, [])
    world.put(strange)
    judged = world.streams.state(one.stream_id).history.judged[strange.cid]
    assert judged.reason is not None
    assert judged.reason.value == "prev_other_stream"


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
def test_streams_by_what_they_are(page: int) -> None:
    world = World()
    notes, posts = world.model(), world.model(name="Post")
    made = [
        world.streams.create(model, {"text": text}, by, unique=UNIQUE + text.encode()).state
        for model, by, text in (
            (notes, ALICE, "1"),
            (posts, BOB, "2"),
            (notes, BOB, "3"),
            (posts, ALICE, "4"),
        )
    ]
    world.put(BOB.init(notes, {"wrong": 1}, unique=UNIQUE))
    made.append(world.streams.create(notes, {"text": "5"}, ALICE, unique=UNIQUE).state)
    for wanted, texts in (
        (StreamFilter(model=notes), "135"),
        (StreamFilter(model=posts), "24"),
        (StreamFilter(controller=BOB.controller), "23"),
        (StreamFilter(MODEL_INSTANCE, notes, ALICE.controller), "15"),
        (StreamFilter(MODEL_INSTANCE), "12345"),
    ):
        found = list(world.streams.query(wanted, page=page))
        assert found == [made[int(text) - 1] for text in texts]
    models = list(world.streams.query(StreamFilter(model=METAMODEL), page=page))
    assert [state.stream_id for state in models] == [notes, posts]
    assert len(list(world.streams.query(page=page))) == 7


def test_pages_go_on_where_the_last_one_ended() -> None:
    world = World()
    model = world.model()
    for number in range(4):
        world.streams.create(model, {"text": str(number)}, BOB, unique=bytes([number]))
    wanted = StreamFilter(model=model)
    first = world.streams.page(wanted, limit=3)
    assert first.end is not None
    world.streams.create(model, {"text": "new"}, BOB, unique=b"new")
    second = world.streams.page(wanted, after=first.end, limit=3)
    texts = [state.content for state in (*first.states, *second.states)]
    assert texts == [{"text": text} for text in ("0", "1", "2", "3", "new")]
    assert second.end is None
    assert world.streams.page(wanted, limit=5).end is not None
    with pytest.raises(UsageError):
        world.streams.page(wanted, limit=0)
