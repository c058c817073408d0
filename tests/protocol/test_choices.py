"""Why a log is what it is: the choices lead to it, and their causes are those of the written rule."""

from __future__ import annotations

import time
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ceramic_protocol import branches, choices
from ceramic_protocol.branches import Fork
from ceramic_protocol.causes import Cause, deciding, moment, sentence
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.choices import Choice, StreamTree, replay, stream_tree
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.resolve import Branch, Preference, TieBreak, preference, tie_key
from tests.support import consensus, vectors
from tests.support.forked import judge
from tests.support.strategies import child, trees

tie_breaks = st.sampled_from(TieBreak)
rounds = st.randoms(use_true_random=False)

INIT = Cid.of(b"init")
THE_INIT = CheckedEvent(INIT, INIT, Kind.INIT, None, consensus.INIT_PAYLOAD)


def history_of(events: list[CheckedEvent], tie_break: TieBreak = TieBreak.JS) -> StreamHistory:
    return judge(events[0].cid, EventSet.of(events), tie_break)


def tree_of(events: list[CheckedEvent], tie_break: TieBreak = TieBreak.JS) -> StreamTree:
    return stream_tree(history_of(events, tie_break), tie_break)


def spoilt(events: list[CheckedEvent], random: Random) -> list[CheckedEvent]:
    """Some of the events missing, some rejected and some pending."""
    reasons = (Reason.SIGNATURE_INVALID, Reason.ANCHOR_TX_UNKNOWN, Reason.ANCHOR_CHAIN_UNKNOWN)
    kept = [events[0], *(event for event in events[1:] if random.random() < 0.85)]
    return [
        event._replace(reason=random.choice(reasons), timestamp=None)
        if event.prev and random.random() < 0.25
        else event
        for event in kept
    ]


def way_of(tree: StreamTree, first: Cid) -> list[CheckedEvent]:
    """The events of a branch, by following the choices from its first on."""
    at, found = first, [tree.history.judged[first].event]
    while True:
        valid = [cid for cid in tree.children.get(at, ()) if tree.history.judged[cid].reason is None]
        if not valid:
            return found
        at = tree.choices[at].winner.first if at in tree.choices else valid[0]
        found.append(tree.history.judged[at].event)


def cause_by_definition(winner: list[CheckedEvent], loser: list[CheckedEvent]) -> Cause:
    """From whole paths, in the words of consensus.md 1.6."""
    ours, theirs = (
        [(place, event.timestamp) for place, event in enumerate(way, 1) if event.timestamp is not None][:1]
        for way in (winner, loser)
    )
    if bool(ours) != bool(theirs):
        return Cause.ANCHORED
    if not ours:
        return Cause.MORE_EVENTS if len(winner) != len(loser) else Cause.LOWER_TIP
    if ours[0][1] != theirs[0][1]:
        return Cause.EARLIER_ANCHOR
    return Cause.MORE_EVENTS_TO_ANCHOR if ours[0][0] != theirs[0][0] else Cause.LOWER_TIP


@given(trees(max_events=30), tie_breaks)
def test_replaying_the_choices_gives_the_log(events: list[CheckedEvent], tie_break: TieBreak) -> None:
    tree = tree_of(events, tie_break)
    assert replay(tree) == tree.history.log


@given(trees(max_events=30), tie_breaks, rounds)
def test_so_it_does_with_events_that_are_bad_or_missing(
    events: list[CheckedEvent], tie_break: TieBreak, random: Random
) -> None:
    tree = tree_of(spoilt(events, random), tie_break)
    assert replay(tree) == tree.history.log


@pytest.mark.parametrize("tie_break", TieBreak)
def test_so_it_does_for_the_trees_that_js_ceramic_was_asked_about(tie_break: TieBreak) -> None:
    found: set[Cause] = set()
    for entry in vectors.consensus("fuzz.json")["trees"]:
        tree = tree_of(consensus.tree_events(entry), tie_break)
        assert replay(tree) == tree.history.log
        found |= {way.lost_by for choice in tree.choices.values() for way in choice.ways if way.lost_by}
    # Every cause but that of a fork with a single valid branch occurs, so none is idle.
    assert found == set(Cause) - {Cause.ONLY_BRANCH}


@given(trees(max_events=30), tie_breaks)
def test_causes_and_figures_are_those_of_the_written_rule(
    events: list[CheckedEvent], tie_break: TieBreak
) -> None:
    tree = tree_of(events, tie_break)
    for choice in tree.choices.values():
        assert (choice.winner.lost_by, choice.winner.sentence) == (None, None)
        winner = way_of(tree, choice.winner.first)
        for way in choice.ways:
            path = way_of(tree, way.first)
            assert (way.branch.tip, way.branch.length) == (path[-1].cid, len(path))
            stamps = [
                (at, event.timestamp) for at, event in enumerate(path, 1) if event.timestamp is not None
            ]
            wanted = stamps[0] if stamps else (None, 0)
            assert (way.branch.to_anchor, way.branch.timestamp) == wanted
        for way in choice.ways[1:]:
            assert way.lost_by is cause_by_definition(winner, way_of(tree, way.first))
            assert way.sentence
        assert choice.cause is choice.ways[1].lost_by


@given(trees(max_events=30), tie_breaks)
def test_branches_come_in_the_order_in_which_they_would_be_chosen(
    events: list[CheckedEvent], tie_break: TieBreak
) -> None:
    for choice in tree_of(events, tie_break).choices.values():
        keys = [preference(way.branch, tie_break) for way in choice.ways]
        assert keys == sorted(keys)
        # Without the winner the next best wins.
        without = {way.first for way in choice.ways[:1]}
        left = [event for event in events if not _is_under(event, without, events)]
        again = tree_of(left, tie_break).choices.get(choice.at)
        if len(choice.ways) > 2:
            assert again is not None
            assert [way.first for way in again.ways] == [way.first for way in choice.ways[1:]]


def _is_under(event: CheckedEvent, tops: set[Cid], events: list[CheckedEvent]) -> bool:
    by_cid = {known.cid: known for known in events}
    at: CheckedEvent | None = event
    while at is not None and at.cid not in tops:
        at = by_cid.get(at.prev) if at.prev else None
    return at is not None


@given(trees(max_events=30), tie_breaks, rounds)
def test_every_event_has_one_place_in_the_tree(
    events: list[CheckedEvent], tie_break: TieBreak, random: Random
) -> None:
    tree = tree_of(spoilt(events, random), tie_break)
    judged = tree.history.judged
    hanging = [cid for children in tree.children.values() for cid in children]
    assert sorted([*tree.roots, *hanging]) == sorted(judged)
    for cid, children in tree.children.items():
        assert all(judged[below].event.prev == cid for below in children)
        outcomes = [judged[below].outcome is Outcome.VALID for below in children]
        assert outcomes == sorted(outcomes, reverse=True)
        choice = tree.choices.get(cid)
        assert (choice is not None) == (len(children) > 1 and outcomes[0])
        if choice is not None:
            assert (*(way.first for way in choice.ways), *choice.excluded) == children
            assert (choice.cause is Cause.ONLY_BRANCH) == (len(choice.ways) == 1)
    assert tree.roots[0] == events[0].cid
    for root in tree.roots[1:]:
        assert judged[root].event.prev not in judged


@given(trees(max_events=30), st.integers())
def test_the_tree_is_a_function_of_the_set(events: list[CheckedEvent], seed: int) -> None:
    whole = tree_of(events)
    for _view, known in consensus.views(events, 2, Random(seed)):
        assert stream_tree(judge(events[0].cid, known)) == whole


def test_a_single_valid_branch_is_chosen_for_that() -> None:
    good, bad = (
        child(INIT, INIT, b"good"),
        child(INIT, INIT, b"bad")._replace(reason=Reason.SIGNATURE_INVALID),
    )
    (choice,) = tree_of([THE_INIT, good, bad]).choices.values()
    assert (choice.cause, choice.excluded, choice.winner.first) == (Cause.ONLY_BRANCH, (bad.cid,), good.cid)
    assert choice.sentence == "only one of the 2 branches here is valid"
    assert tree_of([THE_INIT, bad]).choices == {}


def test_without_an_init_event_all_hangs_nowhere_and_nothing_is_chosen() -> None:
    one, two = child(INIT, INIT, b"one"), child(INIT, INIT, b"two")
    under = child(INIT, one.cid, b"under")
    tree = stream_tree(judge(INIT, EventSet.of([one, two, under])))
    assert (tree.roots, tree.children, tree.choices) == (
        tuple(sorted([one.cid, two.cid])),
        {one.cid: (under.cid,)},
        {},
    )
    assert replay(tree) == ()
    assert stream_tree(judge(INIT, EventSet())).roots == ()


# Faults on purpose.


@given(trees(max_events=30))
def test_a_choice_that_is_not_the_resolvers_is_noticed(events: list[CheckedEvent]) -> None:
    tree = tree_of(events)
    on_log = [choice for choice in tree.choices.values() if choice.at in tree.history.log]
    assume(on_log)
    for choice in on_log:
        swapped = replace(choice, ways=(choice.ways[1], choice.ways[0], *choice.ways[2:]))
        assert replay(replace(tree, choices={**tree.choices, choice.at: swapped})) != tree.history.log


def test_an_explanation_by_another_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = [
        history_of(consensus.tree_events(entry)) for entry in vectors.consensus("fuzz.json")["trees"]
    ]

    def shorter_wins(branch: Branch, tie_break: TieBreak) -> Preference:
        key = preference(branch, tie_break)
        return key._replace(fewer_events=-key.fewer_events)

    monkeypatch.setattr(branches, "preference", shorter_wins)
    refused = 0
    for found in histories:
        try:
            assert replay(stream_tree(found)) == found.log
        except UsageError:
            refused += 1
    assert refused > 20


def test_an_explanation_by_the_other_tie_break_is_refused() -> None:
    forks = [child(INIT, INIT, b"%d" % number) for number in range(40)]
    found = history_of([THE_INIT, *forks])
    assert stream_tree(found).choices[INIT].cause is Cause.LOWER_TIP
    with pytest.raises(UsageError, match="another tie-break than binary"):
        stream_tree(found, TieBreak.BINARY)


def test_the_decision_is_the_resolvers_even_if_the_order_of_the_keys_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The explanation takes over what the resolver says it chose."""
    events = [child(INIT, INIT, b"%d" % number) for number in range(3)]
    found = history_of([THE_INIT, *events])
    told: list[Choice] = []
    real = choices._choice

    def note(fork: Fork, excluded: tuple[Cid, ...], tie_break: TieBreak) -> Choice:
        told.append(real(fork._replace(winner=2), excluded, tie_break))
        return told[-1]

    monkeypatch.setattr(choices, "_choice", note)
    stream_tree(found)
    assert told[0].winner.first == sorted(event.cid for event in events)[2]


# Words.

LOWER = "the winner's tip has the lower CID by its bytes"


@pytest.mark.parametrize(
    ("winner", "other", "cause", "words"),
    [
        (
            Branch(INIT, 4, 2, 100),
            Branch(INIT, 9),
            Cause.ANCHORED,
            "the winner is anchored, at 1970-01-01T00:01:40Z, and this one is not",
        ),
        (
            Branch(INIT, 4, 2, 100),
            Branch(INIT, 9, 9, 101),
            Cause.EARLIER_ANCHOR,
            "the winner was anchored at 1970-01-01T00:01:40Z, this one later, at 1970-01-01T00:01:41Z",
        ),
        (
            Branch(INIT, 4, 2, 100),
            Branch(INIT, 9, 1, 100),
            Cause.MORE_EVENTS_TO_ANCHOR,
            "both were anchored at 1970-01-01T00:01:40Z; the winner has 2 events up to there, this one 1",
        ),
        (
            Branch(INIT, 4),
            Branch(INIT, 3),
            Cause.MORE_EVENTS,
            "neither is anchored; the winner has 4 events, this one 3",
        ),
        (
            Branch(INIT, 1),
            Branch(Cid.of(b"other"), 1),
            Cause.LOWER_TIP,
            f"neither is anchored, and both have 1 event; {LOWER}",
        ),
        (
            Branch(INIT, 7, 2, 100),
            Branch(Cid.of(b"other"), 3, 2, 100),
            Cause.LOWER_TIP,
            f"both were anchored at 1970-01-01T00:01:40Z, with 2 events up to there; {LOWER}",
        ),
    ],
)
def test_each_cause_has_its_sentence(winner: Branch, other: Branch, cause: Cause, words: str) -> None:
    keys = (preference(winner, TieBreak.BINARY), preference(other, TieBreak.BINARY))
    assert deciding(*keys) is cause
    assert sentence(cause, winner, other, TieBreak.BINARY, "this one") == words


def test_the_sentence_of_a_tie_names_the_tie_break() -> None:
    words = {
        tie: sentence(Cause.LOWER_TIP, Branch(INIT, 1), Branch(INIT, 1), tie, "this one") for tie in TieBreak
    }
    assert words[TieBreak.JS].endswith("by the decimal text of its bytes, as in js-ceramic")
    assert words[TieBreak.BINARY].endswith("by its bytes")


@pytest.mark.parametrize("seconds", [1 << 40, -(1 << 40), 1 << 70, -(1 << 70)])
def test_times_without_a_date_are_numbers(seconds: int) -> None:
    assert moment(seconds) == str(seconds)


def test_long_logs_need_no_recursion_and_little_time() -> None:
    count = 30_000
    events = [THE_INIT]
    for number in range(count):
        events.append(child(INIT, events[-1].cid, b"%d" % number))
    events += [child(INIT, event.cid, b"side %d" % place) for place, event in enumerate(events[:-1:10])]
    found = history_of(events)
    start = time.thread_time()
    tree = stream_tree(found)
    assert replay(tree) == found.log
    assert time.thread_time() - start < 30
    assert len(tree.choices) == count // 10


def test_many_siblings() -> None:
    siblings = [child(INIT, INIT, b"%d" % number) for number in range(3000)]
    (choice,) = tree_of([THE_INIT, *siblings]).choices.values()
    tips = [way.branch.tip for way in choice.ways]
    assert tips == sorted(tips, key=lambda cid: tie_key(cid, TieBreak.JS))
    assert len(tips) == 3000
