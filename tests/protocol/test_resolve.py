"""Which tip wins, on trees of every shape."""

from __future__ import annotations

import time
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ceramic_protocol.branches import BranchTree
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.reasons import Reason
from ceramic_protocol.resolve import TieBreak, tie_key
from tests.support import consensus, strategies
from tests.support.judging import CONTEXT, RULES, rules
from tests.support.strategies import child, trees

tie_breaks = st.sampled_from(TieBreak)
rounds = st.randoms(use_true_random=False)


def tip_of(events: list[CheckedEvent] | EventSet, tie_break: TieBreak) -> Cid | None:
    known = events if isinstance(events, EventSet) else EventSet.of(events)
    stream = next(iter(known.events.values())).stream
    assert stream is not None
    return evaluate(stream, known, rules(tie_break), CONTEXT).tip


def log_of(events: list[CheckedEvent], tie_break: TieBreak) -> tuple[Cid, ...]:
    return evaluate(events[0].cid, EventSet.of(events), rules(tie_break), CONTEXT).log


def by_definition(events: list[CheckedEvent], tie_break: TieBreak) -> Cid:
    """The rule as it is written, with recursion and whole paths, however slow."""
    children: dict[Cid | None, list[CheckedEvent]] = {}
    for event in events:
        children.setdefault(event.prev, []).append(event)

    def champion(cid: Cid) -> list[CheckedEvent]:
        ways = [[event, *champion(event.cid)] for event in children.get(cid, ())]
        return min(ways, key=preference) if ways else []

    def preference(way: list[CheckedEvent]) -> tuple[int, int, int, object]:
        tie = tie_key(way[-1].cid, tie_break)
        stamps = [
            (place, event.timestamp) for place, event in enumerate(way, 1) if event.timestamp is not None
        ]
        if not stamps:
            return 1, 0, -len(way), tie
        return 0, stamps[0][1], -stamps[0][0], tie

    way = champion(events[0].cid)
    return way[-1].cid if way else events[0].cid


@given(trees(), tie_breaks)
def test_the_winner_is_that_of_the_written_rule(events: list[CheckedEvent], tie_break: TieBreak) -> None:
    assert tip_of(events, tie_break) == by_definition(events, tie_break)


@given(trees(), tie_breaks, st.integers())
def test_order_duplicates_and_parts_change_nothing(
    events: list[CheckedEvent], tie_break: TieBreak, seed: int
) -> None:
    whole = evaluate(events[0].cid, EventSet.of(events), rules(tie_break), CONTEXT)
    for view, known in consensus.views(events, 2, Random(seed)):
        found = evaluate(events[0].cid, known, rules(tie_break), CONTEXT)
        assert (found.log, found.leaves, found.reverted) == (whole.log, whole.leaves, whole.reverted), view
        assert found.anchored == whole.anchored


@given(trees(), tie_breaks, rounds)
def test_two_nodes_views_merged_are_one_node_with_all(
    events: list[CheckedEvent], tie_break: TieBreak, random: Random
) -> None:
    mine = EventSet.of(event for event in events if random.random() < 0.6)
    theirs = EventSet.of(event for event in events if event.cid not in mine.events or random.random() < 0.3)
    assert (
        tip_of(mine.merge(theirs), tie_break)
        == tip_of(events, tie_break)
        == tip_of(theirs.merge(mine), tie_break)
    )


@given(trees(), tie_breaks, rounds)
def test_events_without_their_ancestors_change_nothing(
    events: list[CheckedEvent], tie_break: TieBreak, random: Random
) -> None:
    missing = random.choice(events[1:] or [None])
    assume(missing is not None)
    assert missing is not None
    under = strategies.descendants(events, missing.cid)
    without = [event for event in events if event.cid not in under]
    orphaned = [event for event in events if event is not missing]
    assert tip_of(orphaned, tie_break) == tip_of(without, tie_break)


@given(trees(), tie_breaks, rounds)
def test_invalid_events_and_what_builds_on_them_change_nothing(
    events: list[CheckedEvent], tie_break: TieBreak, random: Random
) -> None:
    bad = {event.cid for event in events[1:] if random.random() < 0.3}
    reasons = (
        Reason.SIGNATURE_INVALID,
        Reason.ANCHOR_TX_UNKNOWN,
        Reason.ANCHOR_CHAIN_UNKNOWN,
        Reason.CACAO_CONTRACT_UNKNOWN,
    )
    spoilt = [
        event._replace(reason=random.choice(reasons), timestamp=None) if event.cid in bad else event
        for event in events
    ]
    gone = {cid for top in bad for cid in strategies.descendants(events, top)}
    left = [event for event in events if event.cid not in gone]
    assert tip_of(spoilt, tie_break) == tip_of(left, tie_break)
    # Nor does taking any one of them away.
    for cid in bad:
        assert tip_of([event for event in spoilt if event.cid != cid], tie_break) == tip_of(left, tie_break)


@given(trees(distinct=True), tie_breaks, rounds)
def test_a_later_anchor_on_the_winning_path_keeps_what_was_anchored(
    events: list[CheckedEvent], tie_break: TieBreak, random: Random
) -> None:
    """On the tip it becomes the tip; further down it changes nothing, unless no anchor came after it."""
    log = log_of(events, tie_break)
    place = random.randrange(len(log))
    late = child(events[0].cid, log[place], b"late", 100)
    anchored = {event.cid for event in events if event.timestamp is not None}
    is_harmless = bool(anchored & set(log[place + 1 :]))
    # The un-anchored end of the path, if any, loses against the anchor beside it.
    wanted = log if is_harmless else (*log[: place + 1], late.cid)
    assert log_of([*events, late], tie_break) == wanted


@given(trees(), tie_breaks)
def test_anchoring_the_tip_settles_its_branch(events: list[CheckedEvent], tie_break: TieBreak) -> None:
    log = log_of(events, tie_break)
    first = child(events[0].cid, log[-1], b"first", 0)
    assume(all(event.timestamp is None for event in events))
    assert log_of([*events, first], tie_break) == (*log, first.cid)


@given(trees(), tie_breaks)
def test_the_log_leads_from_init_to_a_leaf(events: list[CheckedEvent], tie_break: TieBreak) -> None:
    found = evaluate(events[0].cid, EventSet.of(events), rules(tie_break), CONTEXT)
    by_cid = {event.cid: event for event in events}
    assert found.log[0] == events[0].cid
    assert all(by_cid[after].prev == before for before, after in pairwise(found.log))
    assert found.tip in found.leaves
    parents = {event.prev for event in events}
    assert set(found.leaves) == by_cid.keys() - parents
    assert set(found.log) | set(found.reverted) == by_cid.keys()
    assert not set(found.log) & set(found.reverted)


@given(trees())
def test_anchored_is_the_earliest_anchor_above(events: list[CheckedEvent]) -> None:
    found = evaluate(events[0].cid, EventSet.of(events), RULES, CONTEXT).anchored
    stamps = {event.cid: event.timestamp for event in events}
    for event in events:
        under = strategies.descendants(events, event.cid)
        covering = [stamp for cid in under if (stamp := stamps[cid]) is not None]
        assert found.get(event.cid) == min(covering, default=None)


def test_js_compares_the_decimal_text() -> None:
    init, low, high = (Cid(bytes([1, last])) for last in (0, 99, 100))
    assert fan(init, [low, high], TieBreak.BINARY).tip == low
    assert fan(init, [low, high], TieBreak.JS).tip == high


@given(strategies.cids, strategies.cids)
def test_different_cids_never_tie(one: Cid, two: Cid) -> None:
    for tie_break in TieBreak:
        assert (tie_key(one, tie_break) == tie_key(two, tie_break)) == (one == two)


@pytest.mark.parametrize("fork", [0, 15_000])
def test_long_logs_need_no_recursion_and_little_time(fork: int) -> None:
    count = 30_000
    order = [Cid.of(b"%d" % number, DAG_JOSE) for number in range(count)]
    tree = BranchTree()
    start = time.thread_time()
    for prev, cid in pairwise((None, *order)):
        if cid is not None:
            tree.add(cid, prev)
    tree.add(Cid.of(b"side"), order[fork])
    assert tree.log() == order
    assert time.thread_time() - start < 20


def test_many_siblings() -> None:
    init = Cid.of(b"init")
    siblings = [Cid.of(b"%d" % number) for number in range(5000)]
    for tie_break in TieBreak:
        assert fan(init, siblings, tie_break).tip == min(siblings, key=lambda cid: tie_key(cid, tie_break))


def fan(init: Cid, siblings: list[Cid], tie_break: TieBreak) -> BranchTree:
    tree = BranchTree(tie_break)
    tree.add(init, None)
    for cid in siblings:
        tree.add(cid, init)
    return tree
