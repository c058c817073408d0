"""Verdicts, states and logs of whole streams, with real signed events."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory, unresolved
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, TILE, StreamId
from ceramic_protocol.limits import MAX_CBOR_DEPTH, MAX_POINTER_TOKENS
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.resolve import TieBreak
from tests.support import consensus, signing
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT, RULES, rules
from tests.support.signing import Made, ed25519, plain, protected, sign

ME, OTHER = ed25519(1), ed25519(2)
CHAIN = KnownChain()


def add(name: str, value: object) -> list[dict[str, object]]:
    return [{"op": "add", "path": f"/{name}", "value": value}]


INIT = signing.init(ME, {"n": 0})
A = signing.data(ME, INIT, INIT, add("a", 1))
B = signing.data(ME, INIT, A, add("b", 2))
T = signing.time(INIT, B, CHAIN, 500)
C = signing.data(ME, INIT, T, add("c", 3))
ALL = (INIT, A, B, T, C)


def judge(*events: Made, stream: Made = INIT, foreign: tuple[Made, ...] = ()) -> StreamHistory:
    return evaluate(
        stream.cid, signing.known(*events, chain=CHAIN), RULES, CONTEXT, {event.cid for event in foreign}
    )


def reasons(history: StreamHistory, *events: Made) -> list[Reason | None]:
    return [history.judged[event.cid].reason for event in events]


def content(history: StreamHistory, event: Made) -> object:
    state = history.judged[event.cid].state
    return None if state is None else state.content


def test_a_whole_stream() -> None:
    found = judge(*ALL)
    assert reasons(found, *ALL) == [None] * 5
    assert found.log == tuple(event.cid for event in ALL)
    assert (found.tip, found.leaves, found.reverted, found.reason) == (C.cid, (C.cid,), [], None)
    assert [found.judged[event.cid].height for event in ALL] == [0, 1, 2, 3, 4]
    assert found.anchored == {event.cid: 500 for event in (INIT, A, B, T)}
    assert [content(found, event) for event in ALL] == [
        {"n": 0},
        {"n": 0, "a": 1},
        {"n": 0, "a": 1, "b": 2},
        {"n": 0, "a": 1, "b": 2},
        {"n": 0, "a": 1, "b": 2, "c": 3},
    ]
    assert found.header is not None
    assert found.stream_id == StreamId.of(MODEL_INSTANCE, INIT.cid)


def test_forks_revert_what_loses() -> None:
    side = signing.data(ME, INIT, A, add("side", 1))
    side_2 = signing.data(ME, INIT, side, add("side", 2))
    found = judge(*ALL, side_2, side)
    assert found.tip == C.cid
    assert found.reverted == [side.cid, side_2.cid]
    assert set(found.leaves) == {C.cid, side_2.cid}
    assert content(found, side_2) == {"n": 0, "a": 1, "side": 2}


def test_the_tie_break_is_that_which_was_asked_for() -> None:
    forks = [signing.data(ME, INIT, INIT, add("fork", number)) for number in range(40)]
    known = signing.known(INIT, *forks)
    tips = {tie: evaluate(INIT.cid, known, rules(tie), CONTEXT).tip for tie in TieBreak}
    assert tips[TieBreak.BINARY] == min(event.cid for event in forks)
    assert tips[TieBreak.JS] == min((event.cid for event in forks), key=lambda cid: ",".join(map(str, cid)))
    assert tips[TieBreak.JS] != tips[TieBreak.BINARY]


def test_what_is_missing_is_pending() -> None:
    without_a = judge(INIT, B, T, C)
    assert reasons(without_a, B, T, C) == [Reason.PREV_MISSING, Reason.PREV_PENDING, Reason.PREV_PENDING]
    assert without_a.log == (INIT.cid,)
    assert without_a.judged[B.cid].height is None
    without_init = judge(A, B, T)
    assert reasons(without_init, A, B, T) == [Reason.INIT_MISSING] * 3
    assert (without_init.log, without_init.tip, without_init.reason) == ((), None, Reason.INIT_MISSING)
    assert without_init.stream_id.stream_type == MODEL_INSTANCE
    # Later all is there, and nothing remembers that it wasn't.
    late = signing.known(INIT, B, T, C, chain=CHAIN).merge(signing.known(A))
    assert evaluate(INIT.cid, late, RULES, CONTEXT) == judge(*ALL)


def test_what_belongs_to_another_stream_is_rejected() -> None:
    stranger = signing.init(ME, {"other": 1})
    astray = signing.data(ME, INIT, stranger, add("x", 1))
    under = signing.data(ME, INIT, astray, add("y", 1))
    clock = signing.time(INIT, stranger, CHAIN)
    events = (INIT, astray, under, clock)
    assert reasons(judge(*events), *events[1:]) == [
        Reason.PREV_MISSING,
        Reason.PREV_PENDING,
        Reason.PREV_MISSING,
    ]
    known = judge(*events, foreign=(stranger,))
    assert reasons(known, *events[1:]) == [
        Reason.PREV_OTHER_STREAM,
        Reason.PREV_INVALID,
        Reason.PREV_OTHER_STREAM,
    ]
    # An event that calls a data event its stream.
    lost = signing.data(ME, A, A, add("x", 1))
    assert reasons(judge(lost, stream=A), lost) == [Reason.INIT_MISSING]
    assert reasons(judge(lost, stream=A, foreign=(A,)), lost) == [Reason.INIT_INVALID]


def test_what_builds_on_the_rejected_is_rejected() -> None:
    bad = sign({"id": INIT.cid, "prev": A.cid, "data": []}, OTHER, protected(ME))
    under = signing.data(ME, INIT, bad, add("x", 1))
    clock = signing.time(INIT, under, CHAIN)
    found = judge(INIT, A, bad, under, clock)
    assert reasons(found, bad, under, clock) == [
        Reason.SIGNATURE_INVALID,
        Reason.PREV_INVALID,
        Reason.PREV_INVALID,
    ]
    assert found.tip == A.cid
    assert [found.judged[event.cid].height for event in (bad, under, clock)] == [2, 3, 4]


def test_an_invalid_init_takes_its_stream_with_it() -> None:
    bad = plain({"data": {"n": 1}, "header": {"controllers": [ME.did], "model": bytes(signing.ANY_MODEL)}})
    child = signing.data(ME, bad, bad, add("x", 1))
    grandchild = signing.data(ME, bad, child, add("x", 1))
    found = judge(bad, child, grandchild, stream=bad)
    assert reasons(found, bad, child, grandchild) == [
        Reason.UNSIGNED_INIT_WITH_DATA,
        Reason.INIT_INVALID,
        Reason.PREV_INVALID,
    ]
    assert (found.log, found.leaves, found.reason) == ((), (), Reason.UNSIGNED_INIT_WITH_DATA)


def test_only_the_controller_writes() -> None:
    stranger = signing.data(OTHER, INIT, INIT, add("x", 1))
    orphan = signing.data(OTHER, INIT, B, add("x", 1))
    found = judge(INIT, stranger, orphan)
    assert reasons(found, stranger, orphan) == [Reason.SIGNER_NOT_CONTROLLER] * 2
    stolen = sign(signing.init_payload(OTHER, {"n": 1}), ME)
    child = signing.data(OTHER, stolen, stolen, add("x", 1))
    found = judge(stolen, child, stream=stolen)
    assert reasons(found, stolen, child) == [Reason.SIGNER_NOT_CONTROLLER, Reason.INIT_INVALID]


def test_anyone_may_anchor() -> None:
    first, second = signing.time(INIT, INIT, CHAIN, 900), signing.time(INIT, A, CHAIN, 800)
    found = judge(INIT, A, first, second)
    assert found.tip == second.cid
    assert found.anchored[INIT.cid] == 800
    assert found.reverted == [first.cid]


def test_a_time_event_whose_chain_is_unknown_is_pending() -> None:
    known = signing.known(INIT, A, B, T, C)
    found = evaluate(INIT.cid, known, RULES, CONTEXT)
    assert reasons(found, T, C) == [Reason.ANCHOR_CHAIN_UNKNOWN, Reason.PREV_PENDING]
    assert found.tip == B.cid
    assert found.anchored == {}
    proven = evaluate(INIT.cid, known.merge(signing.known(T, chain=CHAIN)), RULES, CONTEXT)
    assert proven == judge(*ALL)


def test_what_is_no_capability_lets_nobody_write() -> None:
    capability = dagcbor.encode({"p": {}})
    head = protected(ME, cap=f"ipfs://{Cid.of(capability)}")
    made = sign({"id": INIT.cid, "prev": INIT.cid, "data": add("x", 1)}, ME, head)
    made = Made(made.cid, ((Cid.of(capability), capability), *made.blocks))
    child = signing.data(ME, INIT, made, add("y", 1))
    found = judge(INIT, made, child)
    assert reasons(found, made, child) == [Reason.CACAO_MALFORMED, Reason.PREV_INVALID]
    assert found.tip == INIT.cid


def test_a_patch_that_fails_ends_its_branch_only() -> None:
    bad = signing.data(ME, INIT, A, [{"op": "test", "path": "/a", "value": 2}])
    under = signing.data(ME, INIT, bad, add("x", 1))
    found = judge(INIT, A, B, bad, under)
    assert reasons(found, bad, under, B) == [Reason.PATCH_FAILED, Reason.PREV_INVALID, None]
    assert content(found, bad) is None
    assert found.tip == B.cid


def test_deterministic_streams_start_empty() -> None:
    init = plain({"data": None, "header": {"controllers": [ME.did], "model": bytes(signing.ANY_MODEL)}})
    data = signing.data(ME, init, init, add("x", 1), shouldIndex=False)
    found = judge(init, data, stream=init)
    assert content(found, init) is None
    assert content(found, data) == {"x": 1}
    state = found.judged[data.cid].state
    assert state is not None
    assert state.metadata == {"shouldIndex": False}
    assert state.json == b'{"metadata":{"shouldIndex":false},"content":{"x":1}}'


@pytest.mark.parametrize(("model", "wanted"), [(METAMODEL, MODEL), (None, TILE)])
def test_other_stream_types(model: StreamId | None, wanted: int) -> None:
    init = signing.init(ME, {"name": "x"}, model=model)
    data = signing.data(ME, init, init, {"any": "thing"})
    found = judge(init, data, stream=init)
    assert found.stream_id.stream_type == wanted
    if wanted == TILE:
        # Interpretation is the application's: every signed event by the controller is valid.
        assert reasons(found, init, data) == [None, None]
        assert found.judged[data.cid].state is None
    else:
        assert reasons(found, init, data) == [Reason.MODEL_INVALID, Reason.INIT_INVALID]


def test_an_event_can_not_name_itself() -> None:
    fake = A.check()._replace(stream=A.cid)
    with pytest.raises(TypeError):
        evaluate(A.cid, EventSet.of([fake]), RULES, CONTEXT)


def test_unresolved_names_what_to_ask_for() -> None:
    links = [(event.cid, event.check(CHAIN).prev) for event in (B, T, C)]
    assert unresolved(INIT.cid, links) == {A.cid, INIT.cid}
    assert unresolved(INIT.cid, [(event.cid, event.check(CHAIN).prev) for event in ALL]) == set()
    assert unresolved(INIT.cid, []) == {INIT.cid}


STRANGER = signing.init(ME, {"other": 1})
POOL: list[CheckedEvent] = [
    event.check(CHAIN)
    for event in (
        *ALL,
        signing.data(ME, INIT, A, [{"op": "add", "path": "/x/y", "value": 1}]),
        signing.data(OTHER, INIT, INIT, add("x", 1)),
        signing.data(ME, INIT, STRANGER, add("x", 1)),
        signing.time(INIT, A, CHAIN, 600),
        signing.time(INIT, INIT, KnownChain()),
        signing.data(ME, INIT, A, add("side", 1)),
    )
]
POOL += [signing.time(INIT, INIT, KnownChain()).check(KnownChain({signing.CHAIN_ID}))]


@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=20), st.integers(), st.booleans())
def test_the_history_is_a_function_of_the_set(events: list[CheckedEvent], seed: int, is_known: bool) -> None:
    foreign = {STRANGER.cid} if is_known else set()
    whole = evaluate(INIT.cid, EventSet.of(events), RULES, CONTEXT, foreign)
    for _view, known in consensus.views(events, 2, Random(seed)):
        found = evaluate(INIT.cid, known, RULES, CONTEXT, foreign)
        assert found == whole
        assert list(found.judged) == list(whole.judged)


@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=20))
def test_every_event_is_judged_and_none_is_valid_without_its_prev(events: list[CheckedEvent]) -> None:
    known = EventSet.of(events)
    found = evaluate(INIT.cid, known, RULES, CONTEXT)
    assert found.judged.keys() == known.events.keys()
    for item in found.judged.values():
        parent = found.judged.get(item.event.prev) if item.event.prev else None
        if item.outcome is Outcome.VALID and item.event.cid != INIT.cid:
            assert parent is not None
            assert parent.outcome is Outcome.VALID
            assert item.height == (parent.height or 0) + 1
        if item.outcome is not Outcome.VALID:
            assert item.detail
    assert (found.reason is None) == bool(found.log)


@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=20))
def test_taking_away_an_invalid_event_changes_nothing_else(events: list[CheckedEvent]) -> None:
    whole = evaluate(INIT.cid, EventSet.of(events), RULES, CONTEXT)
    for cid, item in whole.judged.items():
        if item.outcome is Outcome.REJECTED:
            found = evaluate(
                INIT.cid, EventSet.of(event for event in events if event.cid != cid), RULES, CONTEXT
            )
            assert (found.log, found.leaves, found.anchored) == (whole.log, whole.leaves, whole.anchored)


def test_an_empty_set_has_no_tip_and_a_reason() -> None:
    found = evaluate(INIT.cid, EventSet(), RULES, CONTEXT)
    assert (found.log, found.tip, found.reason) == ((), None, Reason.INIT_MISSING)


@pytest.mark.parametrize("leaf", [1, -(1 << 64)])
@pytest.mark.parametrize("frames", [0, 300])
def test_the_deepest_document_that_two_events_can_make_is_judged(leaf: int, frames: int) -> None:
    """Whatever the stack looks like that the host calls from, as a runner's does."""
    init = signing.init(ME, nested(MAX_POINTER_TOKENS - 1, {}))
    value = nested(MAX_CBOR_DEPTH - 3, leaf)
    data = signing.data(ME, init, init, [{"op": "add", "path": "/a" * MAX_POINTER_TOKENS, "value": value}])

    def called_from(depth: int) -> StreamHistory:
        return called_from(depth - 1) if depth else judge(init, data, stream=init)

    # JavaScript, which JSON is for, can't hold the larger number.
    wanted = None if leaf == 1 else Reason.SCHEMA_VIOLATION
    assert reasons(called_from(frames), init, data) == [None, wanted]


def nested(depth: int, leaf: object) -> object:
    for _ in range(depth):
        leaf = {"a": leaf}
    return leaf
