"""A stream that grows event by event comes to what all of its events make at once."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import correction
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.live_stream import Change, LiveStream
from ceramic_protocol.reasons import Reason
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import Rules
from tests.support import consensus, vectors
from tests.support.consensus import CONTROLLER, INIT_PAYLOAD
from tests.support.judging import CONTEXT
from tests.support.strategies import child, trees

NOW: Final = 4
RULES: Final = [Rules(NOW * 1000, tie_break, grace=0, skew=0) for tie_break in TieBreak]

rounds = st.randoms(use_true_random=False)
moments = st.one_of(st.none(), st.integers(0, 7).map(lambda second: second * 1000))
grants = st.builds(Grant, st.just(CONTROLLER), st.just(("ceramic://*",)), moments, moments, st.just("eip191"))
flaws = st.sampled_from([Reason.SIGNATURE_INVALID, Reason.CACAO_CONTRACT_UNKNOWN])


@st.composite
def mixed(draw: st.DrawFn) -> list[CheckedEvent]:
    """Events of every sort: refused ones, ones that wait, under capabilities, and of some two reports."""
    events: list[CheckedEvent] = []
    for event in draw(trees(max_events=14)):
        sort = draw(st.sampled_from(["plain", "plain", "plain", "granted", "granted", "flawed", "twice"]))
        if sort == "granted" and event.kind is not Kind.TIME:
            events.append(event._replace(grant=draw(grants)))
        elif sort == "flawed" and event.prev is not None:
            events.append(event._replace(reason=draw(flaws), timestamp=None))
        elif sort == "twice" and event.kind is Kind.TIME:
            events += [event, event._replace(reason=Reason.ANCHOR_CHAIN_UNKNOWN, timestamp=None)]
        else:
            events.append(event)
    return events


def known(events: Sequence[CheckedEvent]) -> EventSet:
    return EventSet.of(events)


def outcome(history: StreamHistory) -> tuple[object, ...]:
    return history, history.stream_id, history.reverted


def check_change(change: Change, before: StreamHistory, after: StreamHistory) -> None:
    assert change.correction == correction(before, after)
    differing = {cid: item for cid, item in after.judged.items() if before.judged.get(cid) != item}
    assert {item.event.cid: item for item in change.judged} == differing
    assert len(change.judged) == len(differing)
    covered = before.anchored.keys() | after.anchored.keys()
    differing_anchors = {cid for cid in covered if before.anchored.get(cid) != after.anchored.get(cid)}
    assert differing_anchors <= {*change.anchored, *differing}
    assert set(change.anchored) <= covered
    places = {item.event.cid: place for place, item in enumerate(change.judged)}
    for item in change.judged:
        if item.height is not None and item.event.prev in places:
            assert places[item.event.prev] < places[item.event.cid]


@given(mixed(), rounds, st.integers(1, 4), st.sampled_from(RULES), st.booleans())
def test_growing_is_evaluating(
    events: list[CheckedEvent], random: Random, size: int, rules: Rules, init_first: bool
) -> None:
    stream = events[0].cid
    random.shuffle(events)
    if init_first:
        events.sort(key=lambda event: event.kind is not Kind.INIT)
    live, before = LiveStream(stream, rules, CONTEXT), evaluate(stream, known([]), rules, CONTEXT)
    for start in range(0, len(events), size):
        change = live.add(events[start : start + size])
        after = evaluate(stream, known(events[: start + size]), rules, CONTEXT)
        assert outcome(live.history()) == outcome(after)
        assert live.tip == after.tip
        check_change(change, before, after)
        if change.correction is not None:
            note(change.correction.cause)
        before = after


@given(mixed(), mixed(), st.sampled_from(RULES), st.integers(0, 8))
def test_reconsidering_is_evaluating(
    events: list[CheckedEvent], others: list[CheckedEvent], rules: Rules, now: int
) -> None:
    stream, foreign = events[0].cid, frozenset(event.cid for event in others)
    live = LiveStream(stream, rules, CONTEXT, known=known(events))
    before, later = live.history(), Rules(now * 1000, rules.tie_break, grace=0, skew=0)
    change = live.reconsider(rules=later, foreign=foreign)
    after = evaluate(stream, known(events), later, CONTEXT, foreign)
    assert outcome(live.history()) == outcome(after)
    check_change(change, before, after)


@given(mixed(), rounds, st.sampled_from(RULES), st.integers(NOW, 9))
def test_as_time_passes_only_what_it_makes_a_difference_for_is_judged_again(
    events: list[CheckedEvent], random: Random, rules: Rules, now: int
) -> None:
    stream = events[0].stream
    assert stream is not None
    random.shuffle(events)
    half = len(events) // 2
    live = LiveStream(stream, rules, CONTEXT, known=known(events[:half]))
    before, later = live.history(), Rules(now * 1000, rules.tie_break, grace=0, skew=0)
    live.turn_to(later)
    change = live.add(events[half:], [event.cid for event in events if event.grant is not None])
    after = evaluate(stream, known(events), later, CONTEXT)
    assert outcome(live.history()) == outcome(after)
    assert (live.tip, live.log(), live.valid_count) == (
        after.tip,
        list(after.log),
        sum(item.reason is None for item in after.judged.values()),
    )
    assert (live.header, dict(live.judged), dict(live.anchored)) == (
        after.header,
        after.judged,
        after.anchored,
    )
    check_change(change, before, after)


def test_whoever_asks_is_told_before_it_is_judged() -> None:
    events, told = _chain(4), list[Cid]()
    live = LiveStream(events[0].cid, RULES[0], CONTEXT, known=known(events[:2]), asking=told.append)
    assert told == [event.cid for event in events[:2]]
    live.add(events[2:])
    assert told == [event.cid for event in events]


@given(mixed(), st.sampled_from(RULES))
def test_what_is_known_changes_nothing(events: list[CheckedEvent], rules: Rules) -> None:
    live = LiveStream(events[0].cid, rules, CONTEXT, known=known(events))
    assert live.add(events) == Change(None, ())


def test_a_history_is_a_value_of_its_own() -> None:
    events = _chain(6)
    live = LiveStream(events[0].cid, RULES[0], CONTEXT, known=known(events[:3]))
    before = live.history()
    copy = evaluate(events[0].cid, known(events[:3]), RULES[0], CONTEXT)
    live.add(events[3:])
    assert before == copy != live.history()


def test_the_trees_of_the_vectors_event_by_event() -> None:
    for events in _vector_trees():
        live = LiveStream(events[0].cid, RULES[0], CONTEXT)
        for event in reversed(events):
            live.add([event])
        assert live.history() == evaluate(events[0].cid, known(events), RULES[0], CONTEXT)


def test_a_chain_that_arrives_from_its_end_costs_no_more_per_event() -> None:
    """Every event is judged anew at most when the one before it comes, not when one far below does."""
    events = _chain(2000)
    live, judged = LiveStream(events[0].cid, RULES[0], CONTEXT), 0
    for event in reversed(events[1:]):
        judged += len(live.add([event]).judged)
    assert judged <= 2 * len(events)
    change = live.add(events[:1])
    assert len(change.judged) == len(events)
    assert change.correction is not None
    assert change.correction.applied == tuple(event.cid for event in events)


def _chain(count: int) -> list[CheckedEvent]:
    stream = Cid.of(b"chain")
    events = [CheckedEvent(stream, stream, Kind.INIT, None, INIT_PAYLOAD)]
    while len(events) < count:
        events.append(child(stream, events[-1].cid, b"%d" % len(events)))
    return events


def _vector_trees() -> list[list[CheckedEvent]]:
    return [consensus.tree_events(entry) for entry in vectors.consensus("fuzz.json")["trees"]]
