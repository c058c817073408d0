"""New models and documents."""

from __future__ import annotations

from typing import Any

import pytest

from ceramic_protocol.build_init import deterministic_init, deterministic_stream_id
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.lifecycle.errors import WriteRefused
from ceramic_protocol.lifecycle.streams import Streams
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import Verifier
from tests.protocol.lifecycle.world import (
    ALICE,
    BOB,
    DEFINITION,
    SET,
    SINGLE,
    UNIQUE,
    Meddling,
    SetClock,
    World,
)

HI: dict[str, object] = {"text": "hi", "n": 1}


def test_a_model() -> None:
    world = World()
    made = world.streams.create_model(DEFINITION, ALICE)
    state = made.state
    assert made.is_new
    assert (state.stream_id.stream_type, state.model) == (MODEL, METAMODEL)
    assert (state.content, state.controller, state.log) == (DEFINITION, ALICE.controller, (state.event,))
    again = world.streams.create_model(DEFINITION, ALICE)
    assert (again.is_new, again.state) == (False, state)
    assert world.streams.create_model(DEFINITION, BOB).is_new
    assert world.streams.create_model(DEFINITION | {"name": "Other"}, ALICE).is_new


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "3.0"}, Reason.MODEL_INVALID),
        ({"implements": [str(StreamId.of(MODEL, ALICE.model({}).cid))]}, Reason.MODEL_MISSING),
    ],
)
def test_a_model_that_breaks_a_rule_or_names_unknown_interfaces(changes: Any, reason: Reason) -> None:
    world = World()
    with pytest.raises(WriteRefused) as raised:
        world.streams.create_model(DEFINITION | changes, ALICE)
    assert (raised.value.code, raised.value.finding.reason) == ("write_refused", reason)
    assert world.store.head() == (0, 0)


def test_a_model_with_its_interface() -> None:
    world = World()
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}
    interface = world.model(interface=True, accountRelation={"type": "none"}, schema=schema, name="Interface")
    model = world.model(implements=[str(interface)], schema=schema)
    made = world.streams.create(model, {"text": "x"}, BOB, unique=UNIQUE)
    assert (made.state.model, made.state.controller) == (model, BOB.controller)
    with pytest.raises(WriteRefused, match="model_is_interface"):
        world.streams.create(interface, {"text": "x"}, BOB, unique=UNIQUE)


def test_a_document_of_a_list() -> None:
    world = World()
    model = world.model()
    made = world.streams.create(model, HI, BOB, unique=UNIQUE, should_index=False)
    state = made.state
    assert made.is_new
    assert (state.stream_id.stream_type, state.model, state.controller) == (
        MODEL_INSTANCE,
        model,
        BOB.controller,
    )
    assert (state.content, state.metadata) == (HI, {"shouldIndex": False})
    assert (state.log, state.is_tip, state.anchored_at) == ((state.event,), True, None)
    assert state.version == world.store.snapshot(state.stream_id.cid).version
    again = world.streams.create(model, HI, BOB, unique=UNIQUE, should_index=False)
    assert (again.is_new, again.state) == (False, state)
    assert world.streams.create(model, HI, BOB, unique=b"another one.").state.stream_id != state.stream_id


def test_a_document_of_a_list_needs_something_that_tells_it_from_others() -> None:
    world = World()
    with pytest.raises(UsageError, match="12 random bytes"):
        world.streams.create(world.model(), HI, BOB)


def test_a_document_of_no_account_relation() -> None:
    world = World()
    made = world.streams.create(world.model(accountRelation={"type": "none"}), HI, BOB)
    assert (made.is_new, made.state.content) == (True, HI)


@pytest.mark.parametrize("content", [{"text": "x" * 21}, {"n": 1}, {"text": "x", "other": 1}, {"text": None}])
@pytest.mark.parametrize("kind", [{}, SINGLE, SET])
def test_of_content_that_breaks_the_schema_nothing_is_kept(content: Any, kind: dict[str, object]) -> None:
    world = World()
    model, head = world.model(**kind), world.store.head()
    with pytest.raises(WriteRefused) as raised:
        world.streams.create(model, content, BOB, unique=None if kind else UNIQUE)
    assert raised.value.finding.reason is Reason.SCHEMA_VIOLATION
    assert world.store.head() == head


def test_a_document_whose_model_is_unknown() -> None:
    world = World()
    model = StreamId.of(MODEL, ALICE.model(DEFINITION).cid)
    with pytest.raises(WriteRefused, match="model_missing"):
        world.streams.create(model, HI, BOB, unique=UNIQUE)


def test_a_document_whose_model_is_invalid() -> None:
    world = World()
    bad = ALICE.model(DEFINITION | {"version": "9"})
    world.put(bad)
    with pytest.raises(WriteRefused, match="model_invalid"):
        world.streams.create(StreamId.of(MODEL, bad.cid), HI, BOB, unique=UNIQUE)


def test_a_document_that_refers_to_one_that_is_unknown() -> None:
    world = World()
    schema = {"type": "object", "properties": {"ref": {"type": "string"}}, "additionalProperties": False}
    target_model = world.model()
    relations = {"ref": {"type": "document", "model": str(target_model)}}
    model = world.model(schema=schema, relations=relations, name="Link")
    other = World()
    assert other.model() == target_model
    target = other.streams.create(target_model, HI, BOB, unique=UNIQUE).state.stream_id
    content = {"ref": str(target)}
    with pytest.raises(WriteRefused, match="relation_missing"):
        world.streams.create(model, content, ALICE, unique=UNIQUE)
    world.streams.create(target_model, HI, BOB, unique=UNIQUE)
    assert world.streams.create(model, content, ALICE, unique=UNIQUE).is_new
    with pytest.raises(WriteRefused, match="relation_invalid"):
        world.streams.create(model, {"ref": str(model)}, ALICE, unique=UNIQUE)


def test_the_single_document_of_an_account() -> None:
    world = World()
    model = world.model(**SINGLE)
    made = world.streams.create(model, HI, BOB, should_index=False)
    state = made.state
    assert made.is_new
    assert state.stream_id == deterministic_stream_id(BOB.controller, model)
    assert (state.content, state.metadata, len(state.log)) == (HI, {"shouldIndex": False}, 2)
    again = world.streams.create(model, {"text": "other"}, BOB)
    assert (again.is_new, again.state) == (False, state)
    assert world.streams.create(model, None, BOB).state == state
    assert world.streams.create(model, HI, ALICE).state.stream_id != state.stream_id


def test_a_single_document_may_be_made_before_its_content() -> None:
    world = World()
    model = world.model(**SINGLE)
    empty = world.streams.create(model, None, BOB)
    assert (empty.is_new, empty.state.content, len(empty.state.log)) == (True, None, 1)
    assert not world.streams.create(model, None, BOB).is_new
    anchor = world.anchor(empty.state.event, empty.state.event)
    filled = world.streams.create(model, HI, BOB)
    assert (filled.is_new, filled.state.content) == (True, HI)
    assert filled.state.log[:2] == (empty.state.event, anchor)


def test_documents_of_a_set_are_told_apart_by_their_values() -> None:
    world = World()
    model = world.model(**SET)
    first = world.streams.create(model, HI, BOB)
    assert first.state.stream_id == deterministic_stream_id(BOB.controller, model, b"hi")
    second = world.streams.create(model, {"text": "yo"}, BOB, unique=b"yo")
    assert (second.is_new, second.state.stream_id != first.state.stream_id) == (True, True)
    again = world.streams.create(model, {"text": "hi", "n": 2}, BOB)
    assert (again.is_new, again.state.content) == (False, HI)
    assert world.streams.create(model, None, BOB, unique=b"hi").state == first.state


@pytest.mark.parametrize(
    ("kind", "content", "arguments"),
    [
        (SINGLE, HI, {"unique": b"x"}),
        (SET, HI, {"unique": b"x"}),
        (SET, None, {}),
        (SINGLE, HI, {"context": METAMODEL}),
        (SINGLE, None, {"should_index": False}),
    ],
)
def test_arguments_that_make_no_sense(kind: dict[str, object], content: Any, arguments: Any) -> None:
    world = World()
    model = world.model(**kind)
    with pytest.raises(UsageError):
        world.streams.create(model, content, BOB, **arguments)


def test_what_came_before_the_init_event_is_built_on() -> None:
    world = World()
    model = world.model(**SINGLE)
    init = deterministic_init(BOB.controller, model)
    early = BOB.data(init.cid, init.cid, [{"op": "add", "path": "/text", "value": "early"}])
    world.put(early)
    made = world.streams.create(model, HI, BOB)
    assert (made.is_new, made.state.content) == (True, {"text": "early"})
    assert made.state.log == (init.cid, early.cid)
    assert made.state.history.reverted == []


def test_an_event_that_waited_in_vain_makes_room_for_the_content() -> None:
    world = World()
    model = world.model(**SINGLE)
    init = deterministic_init(BOB.controller, model)
    world.put(ALICE.data(init.cid, init.cid, []))
    made = world.streams.create(model, HI, BOB)
    assert (made.is_new, made.state.content, len(made.state.log)) == (True, HI, 2)


@pytest.mark.parametrize("theirs", [HI, {"text": "theirs"}, None])
def test_of_two_who_make_the_same_single_document_one_finds_the_others(theirs: Any) -> None:
    world = World()
    model = world.model(**SINGLE)
    other = World(world.store)
    meddling = Meddling(world.store)
    meddling.before = [lambda: other.streams.create(model, theirs, BOB)]
    made = World(meddling).streams.create(model, HI, BOB)
    assert made.is_new is (theirs is None)
    assert made.state.content == theirs or theirs is None
    assert (len(made.state.log), made.state.history.reverted) == (2, [])
    assert world.streams.state(made.state.stream_id) == made.state


def test_verifier_and_rules_go_by_one_profile() -> None:
    with pytest.raises(UsageError, match="verifier"):
        Streams(World().store, Verifier(profile=Profile.JS), SetClock())
