"""Defects of js-ceramic and ceramic-one in resolution and state, each with a test that would show it in us.

`docs/defects.md` lists all of them, with the tests. Here every set of events is judged at once and, in
several orders, event by event, as an answer that depends on the order is the root of most of these defects.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, Final

import pytest

from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import CorrectionCause
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.live_stream import LiveStream
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import parse_model
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Outcome, Reason
from tests.support import pipeline, signing, vectors
from tests.support.chains import KnownChain
from tests.support.consensus import scenario_events
from tests.support.judging import CONTEXT, RULES
from tests.support.models import DEFINITION, NOTE, NOTES
from tests.support.signing import CHAIN_ID, Made, ed25519

ME, STRANGER = ed25519(1), ed25519(2)
NOTE_CONTEXT: Final = Context({NOTE: parse_model(DEFINITION)})  # type: ignore[arg-type]  # JSON is IPLD
EARLY, MIDDLE, LATE = 1_700_000_000, 1_700_010_000, 1_700_020_000
ORDERS: Final = 24


def settle(stream: Cid, events: Sequence[CheckedEvent], context: Context = CONTEXT) -> StreamHistory:
    """What follows from the events: the same at once and one by one, whatever the order."""
    found = evaluate(stream, EventSet.of(events), RULES, context)
    for order in _orders(events):
        live = LiveStream(stream, RULES, context)
        for event in order:
            live.add([event])
        assert live.history() == found
        assert live.tip == found.tip
    return found


def _orders(events: Sequence[CheckedEvent]) -> list[Sequence[CheckedEvent]]:
    if len(events) <= 4:
        return list(permutations(events))
    chance = random.Random(len(events))
    return [events, events[::-1], *(chance.sample(events, len(events)) for _ in range(ORDERS))]


def checked(chain: KnownChain, *made: Made) -> list[CheckedEvent]:
    return [event.check(chain) for event in made]


def put(init: Made, prev: Made, **members: object) -> Made:
    patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in members.items()]
    return signing.data(ME, init, prev, patch)


def line(init: Made, prev: Made, names: str) -> list[Made]:
    found: list[Made] = []
    for name in names.split():
        found.append(put(init, found[-1] if found else prev, **{name: 1}))
    return found


def content(history: StreamHistory, made: Made | None = None) -> Any:
    cid = history.tip if made is None else made.cid
    assert cid is not None
    state = history.judged[cid].state
    return None if state is None else state.content


def reasons(history: StreamHistory, *made: Made) -> list[Reason | None]:
    return [history.judged[event.cid].reason for event in made]


def forged(init: Made, prev: Made, kind: str, chain: KnownChain) -> Made:
    """A time event that anybody can make: its transaction isn't there, or anchors something else."""
    made = signing.time(init, prev, KnownChain(), EARLY, sibling=Cid.of(kind.encode()))
    root = Cid.of(made.blocks[0][1])
    sent = {
        "another root": (ANCHOR_CONTRACT, ANCHOR_SELECTOR + Cid.of(b"another").digest, 1),
        "another contract": ("0x" + "11" * 20, ANCHOR_SELECTOR + root.digest, 1),
        "another selector": (ANCHOR_CONTRACT, bytes(4) + root.digest, 1),
        "reverted": (ANCHOR_CONTRACT, ANCHOR_SELECTOR + root.digest, 0),
    }
    if kind in sent:
        to, data, status = sent[kind]
        chain.transactions[CHAIN_ID, root.digest[::-1]] = Transaction(to, data, 7, EARLY, status)
    return made


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("no transaction", Reason.ANCHOR_TX_UNKNOWN),
        ("another root", Reason.ANCHOR_ROOT_MISMATCH),
        ("another selector", Reason.ANCHOR_ROOT_MISMATCH),
        ("another contract", Reason.ANCHOR_WRONG_CONTRACT),
        ("reverted", Reason.ANCHOR_TX_FAILED),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_forged_anchor_rolls_nothing_back(kind: str, reason: Reason, depth: int) -> None:
    """js-ceramic lets it win, as it looks anchored, fails on it, and is left with what stands below it."""
    chain = KnownChain()
    init = signing.init(ME, {})
    first = put(init, init, first=1)
    anchor = signing.time(init, first, chain, LATE)
    last = put(init, anchor, last=1)
    fake = forged(init, (init, first, last)[depth], kind, chain)
    events = (init, first, anchor, last, fake, *line(init, fake, "on top"))
    history = settle(init.cid, checked(chain, *events))
    assert history.tip == last.cid
    assert content(history) == {"first": 1, "last": 1}
    assert reasons(history, *events[4:]) == [reason, Reason.PREV_INVALID, Reason.PREV_INVALID]


def test_a_time_event_that_fails_has_no_time_of_another_one() -> None:
    """js-ceramic gives it that of the next good one above it."""
    chain = KnownChain()
    init = signing.init(ME, {})
    ours = put(init, init, ours=1)
    fake = forged(init, ours, "no transaction", chain)
    above = signing.time(init, fake, chain, EARLY)
    theirs = put(init, init, theirs=1)
    proof = signing.time(init, theirs, chain, LATE)
    history = settle(init.cid, checked(chain, init, ours, fake, above, theirs, proof))
    assert history.tip == proof.cid
    assert ours.cid not in history.anchored
    assert history.anchored[theirs.cid] == LATE


def note(**members: object) -> Made:
    return signing.init(ME, members, model=NOTE, unique=b"defects")


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "add", "path": "/unknown", "value": 1}],
        [{"op": "replace", "path": "/a", "value": 9}, {"op": "add", "path": "/unknown", "value": 1}],
        [{"op": "remove", "path": "/a"}, {"op": "test", "path": "/text", "value": "other"}],
        [{"op": "replace", "path": "", "value": {"a": "no integer"}}],
    ],
    ids=["schema", "half of it good", "test", "whole"],
)
def test_a_rejected_event_leaves_the_state_as_it_was(patch: list[dict[str, Any]]) -> None:
    """In js-ceramic the content has changed by then, as patches are applied in place."""
    init = note(a=1, text="t")
    bad = signing.data(ME, init, init, patch)
    after = signing.data(ME, init, bad, [{"op": "replace", "path": "/a", "value": 3}])
    good = signing.data(ME, init, init, [{"op": "replace", "path": "/text", "value": "u"}])
    alone = settle(init.cid, checked(KnownChain(), init, bad, after), NOTE_CONTEXT)
    assert (alone.tip, content(alone)) == (init.cid, {"a": 1, "text": "t"})
    assert alone.judged[bad.cid].outcome is Outcome.REJECTED
    assert (content(alone, bad), content(alone, after)) == (None, None)
    assert reasons(alone, after) == [Reason.PREV_INVALID], "ceramic-one goes on from a state that is none"
    beside = settle(init.cid, checked(KnownChain(), init, bad, after, good), NOTE_CONTEXT)
    assert (beside.tip, content(beside)) == (good.cid, {"a": 1, "text": "u"})


def test_what_is_rejected_neither_wins_nor_cuts_off_a_good_branch() -> None:
    """js-ceramic counts invalid events when it compares logs, then stops at the first one of the winner."""
    init = note(a=0)
    start = put(init, init, a=1)
    wrong = put(init, start, a="text")
    above = put(init, wrong, a=5)
    long = [start, wrong, above, put(init, above, a=6)]
    good = put(init, init, a=2)
    last = put(init, good, a=3)
    history = settle(init.cid, checked(KnownChain(), init, *long, good, last), NOTE_CONTEXT)
    assert history.log == (init.cid, good.cid, last.cid)
    assert content(history) == {"a": 3}
    assert reasons(history, *long) == [
        None,
        Reason.SCHEMA_VIOLATION,
        Reason.PREV_INVALID,
        Reason.PREV_INVALID,
    ]


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
@pytest.mark.parametrize("name", ["same-ts-cycle", "bad-anchor"])
def test_no_answer_of_js_ceramic_that_depends_on_the_order(name: str) -> None:
    """Its own scenarios: three branches of which each beats the next, and forged anchors."""
    scenarios = [
        scenario
        for scenario in vectors.consensus("scenarios.json")["scenarios"]
        if scenario["id"].startswith(name)
    ]
    assert scenarios
    for scenario in scenarios:
        events = scenario_events(scenario)
        stream = next(event.cid for event in events.values() if event.prev is None)
        history = settle(stream, list(events.values()))
        assert history.tip == events[scenario["resolver_winner"]].cid


def test_an_anchor_that_comes_late_is_seen() -> None:
    """ceramic-one never looks at anchors; whichever event came last is what it serves."""
    chain = KnownChain()
    init = signing.init(ME, {})
    short, long = line(init, init, "short"), line(init, init, "one two three")
    late = signing.time(init, short[-1], chain, LATE)
    later = signing.time(init, long[-1], chain, EARLY)
    live = LiveStream(init.cid, RULES, CONTEXT)
    live.add(checked(chain, init, *short, *long))
    assert live.tip == long[-1].cid
    for anchor in (late, later):
        before = live.tip
        change = live.add(checked(chain, anchor)).correction
        assert change is not None
        assert (change.old_tip, change.new_tip, change.cause) == (before, anchor.cid, CorrectionCause.ANCHOR)
    history = settle(init.cid, checked(chain, init, *short, *long, late, later))
    assert history.tip == later.cid
    assert {history.anchored[event.cid] for event in long} == {EARLY}, "ceramic-one: on the anchor's row only"


def test_a_chain_that_answers_late_is_heard() -> None:
    """ceramic-one rejects an event for good if the endpoint failed when it came."""
    chain = KnownChain()
    init = signing.init(ME, {})
    short, long = put(init, init, short=1), line(init, init, "one two")
    anchor = signing.time(init, short, chain, EARLY)
    live = LiveStream(init.cid, RULES, CONTEXT)
    live.add([*checked(KnownChain(), init, short, *long, anchor)])
    assert live.history().judged[anchor.cid].reason is Reason.ANCHOR_CHAIN_UNKNOWN
    assert live.history().judged[anchor.cid].outcome is Outcome.PENDING
    assert live.tip == long[-1].cid
    live.add(checked(chain, anchor))
    assert live.tip == anchor.cid
    live.add(checked(KnownChain(), anchor))
    assert live.tip == anchor.cid, "what is known isn't forgotten again"


def test_a_latecomer_doesnt_turn_back_what_is_served() -> None:
    """ceramic-one serves the highest event of the batch it worked on last, whatever it builds on."""
    chain = KnownChain()
    init = signing.init(ME, {})
    log = line(init, init, "one two three")
    anchor = signing.time(init, log[-1], chain, EARLY)
    tip = put(init, anchor, tip=1)
    live = LiveStream(init.cid, RULES, CONTEXT)
    live.add(checked(chain, init, *log, anchor, tip))
    fork, again = put(init, log[0], fork=1), signing.time(init, log[0], chain, LATE)
    for latecomer in (fork, again, *line(init, fork, "a b c d e f")):
        live.add(checked(chain, latecomer))
        assert live.tip == tip.cid
        assert content(live.history()) == {"one": 1, "two": 1, "three": 1, "tip": 1}


def test_what_builds_on_a_rejected_event_is_rejected() -> None:
    """In ceramic-one an invalid parent does no harm to its children."""
    init = signing.init(ME, {})
    bad = signing.data(STRANGER, init, init, [{"op": "add", "path": "/bad", "value": 1}])
    above = line(init, bad, "one two")
    history = settle(init.cid, checked(KnownChain(), init, bad, *above))
    assert history.tip == init.cid
    assert reasons(history, bad, *above) == [
        Reason.SIGNER_NOT_CONTROLLER,
        Reason.PREV_INVALID,
        Reason.PREV_INVALID,
    ]


def test_events_that_come_before_their_ancestors_count_once_those_are_there() -> None:
    """js-ceramic drops a tip from which no way leads to the init event."""
    init = signing.init(ME, {})
    log = line(init, init, "one two three")
    live = LiveStream(init.cid, RULES, CONTEXT)
    for event in (log[2], log[1], init):
        live.add(checked(KnownChain(), event))
    assert live.tip == init.cid
    assert reasons(live.history(), *log[1:]) == [Reason.PREV_MISSING, Reason.PREV_PENDING]
    live.add(checked(KnownChain(), log[0]))
    assert live.tip == log[2].cid


def judge_all(*made: Made) -> Mapping[Cid, StreamHistory]:
    cars = {str(event.cid): event.car for event in made}
    return pipeline.histories(pipeline.read(cars, KnownChain()))


def test_a_bad_change_of_a_model_harms_no_document() -> None:
    """In ceramic-one it makes the whole batch fail, which is skipped: events of others are lost for good."""
    change = signing.data(ed25519(99), NOTES, NOTES, [{"op": "remove", "path": "/not/there/at/all"}])
    init = note(a=1)
    update = put(init, init, a=2)
    usual, harmed = judge_all(NOTES, init, update), judge_all(NOTES, change, init, update)
    assert harmed[NOTES.cid].judged[change.cid].outcome is Outcome.REJECTED
    assert harmed[init.cid] == usual[init.cid]
    assert (harmed[init.cid].tip, content(harmed[init.cid])) == (update.cid, {"a": 2})


def test_a_model_that_comes_late_changes_nothing_in_the_end() -> None:
    """ceramic-one tries pending documents again only when their model is in the next batch."""
    init = note(a=1)
    update = put(init, init, a=2)
    events = checked(KnownChain(), init, update)
    live = LiveStream(init.cid, RULES, Context({}))
    live.add(events)
    assert reasons(live.history(), init, update) == [Reason.MODEL_MISSING, Reason.PREV_PENDING]
    live.reconsider(context=NOTE_CONTEXT)
    assert live.history() == settle(init.cid, events, NOTE_CONTEXT)
    assert live.tip == update.cid


def test_every_branch_has_its_own_states() -> None:
    init = note(a=1)
    ours, theirs = put(init, init, a=2), put(init, init, text="t")
    more = put(init, theirs, a=3)
    history = settle(init.cid, checked(KnownChain(), init, ours, theirs, more), NOTE_CONTEXT)
    states = [content(history, event) for event in (init, ours, theirs, more)]
    assert states == [{"a": 1}, {"a": 2}, {"a": 1, "text": "t"}, {"a": 3, "text": "t"}]


def test_the_page_names_tests_that_are_there() -> None:
    page = (vectors.PROJECT / "docs" / "defects.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", page)
    assert len(named) > 30
    for file, name in named:
        source = (vectors.PROJECT / "tests" / file).read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source, f"{file}::{name}"
