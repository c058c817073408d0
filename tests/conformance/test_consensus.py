"""Conflict resolution against js-ceramic; `acceptance` runs the same checks with more orders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory, evaluate
from ceramic_protocol.ports import Chain
from ceramic_protocol.reasons import Reason
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.verify import CheckedEvent, Kind, verify_event
from tests.support import consensus, vectors
from tests.support.consensus import Evaluate, check_fuzz_trees, check_scenarios, scenario_events, tree_events

ORDERS, SEED = 3, 1


def test_scenarios() -> None:
    result = check_scenarios(ORDERS, SEED)
    result.raise_if_wrong()
    assert result.cases == 33
    # Both tie-breaks, each with as many orders, sets of duplicates and partitions.
    assert result.resolutions == result.cases * 3 * ORDERS * 2


def test_random_trees() -> None:
    result = check_fuzz_trees(ORDERS, SEED)
    result.raise_if_wrong()
    assert (result.cases, result.single) == (280, 277)
    assert result.resolutions == result.cases * 3 * ORDERS * 2


def test_the_scenarios_tell_the_two_tie_breaks_apart() -> None:
    scenarios = vectors.consensus("scenarios.json")["scenarios"]
    differing = [
        item["id"] for item in scenarios if item["resolver_winner"] != item["resolver_winner_byte_order"]
    ]
    assert "same-ts-same-len-cid" in differing


def test_forged_anchors_are_refused_by_the_checks_themselves() -> None:
    forged = 0
    for scenario in vectors.consensus("scenarios.json")["scenarios"]:
        for label, event in scenario_events(scenario).items():
            if event.reason is not None:
                assert event.kind is Kind.TIME
                assert event.reason is Reason.ANCHOR_TX_UNKNOWN
                assert label in {"BTbad", "FAKE"}
                forged += 1
    assert forged == 3


def _other_tie_break(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    other = {TieBreak.JS: TieBreak.BINARY, TieBreak.BINARY: TieBreak.JS}
    return evaluate(stream, known, tie_break=other[tie_break])


def _first_to_arrive(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    found = evaluate(stream, known, tie_break=tie_break)
    arrived = [cid for cid in known.events if cid in found.leaves]
    return replace(found, log=(arrived[0],) if arrived else ())


def _without_anchors(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    plain = EventSet.of(event._replace(timestamp=None) for event in known.events.values())
    return evaluate(stream, plain, tie_break=tie_break)


def _forged_anchors_count(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    trusted = EventSet.of(
        event._replace(reason=None, timestamp=event.timestamp or 0) if event.kind is Kind.TIME else event
        for event in known.events.values()
    )
    return evaluate(stream, trusted, tie_break=tie_break)


@pytest.mark.parametrize(
    "fault", [_other_tie_break, _first_to_arrive, _without_anchors, _forged_anchors_count]
)
def test_a_planted_fault_shows_in_the_scenarios(fault: Evaluate) -> None:
    result = check_scenarios(ORDERS, SEED, fault)
    assert result.mismatches
    with pytest.raises(AssertionError, match="resolutions differ"):
        result.raise_if_wrong()


@pytest.mark.parametrize("fault", [_other_tie_break, _first_to_arrive, _without_anchors])
def test_a_planted_fault_shows_in_the_trees(fault: Evaluate) -> None:
    assert check_fuzz_trees(ORDERS, SEED, fault).mismatches


def test_a_verdict_that_differs_from_the_file_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_valid(event: Event, chain: Chain) -> CheckedEvent:
        return verify_event(event, chain)._replace(reason=None)

    monkeypatch.setattr(consensus, "verify_event", all_valid)
    assert any("bad-anchor" in line for line in check_scenarios(1, SEED).mismatches)


def test_trees_are_what_the_file_says() -> None:
    tree = vectors.consensus("fuzz.json")["trees"][1]
    events = tree_events(tree)
    assert len(events) == len(tree["events"])
    assert events[0].kind is Kind.INIT
    assert {event.timestamp for event in events} - {None} == {
        event["ts"] for event in tree["events"] if "ts" in event
    }
