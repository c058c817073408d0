"""Conflict resolution against js-ceramic; `acceptance` runs the same checks with more orders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import Event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reasons import Reason
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.verify import Verifier
from tests.support import vectors
from tests.support.consensus import (
    Evaluate,
    Result,
    check_fuzz_trees,
    check_scenarios,
    scenario_events,
    tree_events,
)
from tests.support.judging import CONTEXT, rules

ORDERS, SEED = 3, 1


def test_scenarios() -> None:
    result = check_scenarios(ORDERS, SEED)
    result.raise_if_wrong()
    assert result.cases == 33 or vectors.is_named()
    # Both tie-breaks, each with as many orders, sets of duplicates and partitions.
    assert result.resolutions == result.cases * 3 * ORDERS * 2


def test_random_trees() -> None:
    result = check_fuzz_trees(ORDERS, SEED)
    result.raise_if_wrong()
    assert (result.cases, result.single) == (280, 277) or vectors.is_named()
    assert result.resolutions == result.cases * 3 * ORDERS * 2


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
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
                forged += 1
                if not vectors.is_named():
                    assert event.kind is Kind.TIME
                    assert event.reason is Reason.ANCHOR_TX_UNKNOWN
                    assert label in {"BTbad", "FAKE"}
    assert forged == 3 or vectors.is_named()


def _other_tie_break(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    other = {TieBreak.JS: TieBreak.BINARY, TieBreak.BINARY: TieBreak.JS}
    return evaluate(stream, known, rules(other[tie_break]), CONTEXT)


def _first_to_arrive(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    found = evaluate(stream, known, rules(tie_break), CONTEXT)
    arrived = [cid for cid in known.events if cid in found.leaves]
    return replace(found, log=(arrived[0],) if arrived else ())


def _without_anchors(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    plain = EventSet.of(event._replace(timestamp=None) for event in known.events.values())
    return evaluate(stream, plain, rules(tie_break), CONTEXT)


def _forged_anchors_count(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    trusted = EventSet.of(
        event._replace(reason=None, timestamp=event.timestamp or 0) if event.kind is Kind.TIME else event
        for event in known.events.values()
    )
    return evaluate(stream, trusted, rules(tie_break), CONTEXT)


def skip_unless_told_apart(result: Result) -> None:
    """Skip where other vectors than the project's own have no case in which the fault makes a difference."""
    if vectors.is_named() and not result.mismatches:
        pytest.skip("no case of these vectors tells this fault")


@pytest.mark.parametrize(
    "fault", [_other_tie_break, _first_to_arrive, _without_anchors, _forged_anchors_count]
)
def test_a_planted_fault_shows_in_the_scenarios(fault: Evaluate) -> None:
    result = check_scenarios(ORDERS, SEED, fault)
    skip_unless_told_apart(result)
    assert result.mismatches
    with pytest.raises(AssertionError, match="resolutions differ"):
        result.raise_if_wrong()


@pytest.mark.parametrize("fault", [_other_tie_break, _first_to_arrive, _without_anchors])
def test_a_planted_fault_shows_in_the_trees(fault: Evaluate) -> None:
    result = check_fuzz_trees(ORDERS, SEED, fault)
    skip_unless_told_apart(result)
    assert result.mismatches


def test_a_verdict_that_differs_from_the_file_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    verify = Verifier.verify

    def all_valid(verifier: Verifier, event: Event) -> CheckedEvent:
        return verify(verifier, event)._replace(reason=None)

    monkeypatch.setattr(Verifier, "verify", all_valid)
    result = check_scenarios(1, SEED)
    skip_unless_told_apart(result)
    assert vectors.is_named() or any("bad-anchor" in line for line in result.mismatches)


def test_trees_are_what_the_file_says() -> None:
    for tree in vectors.consensus("fuzz.json")["trees"]:
        events = tree_events(tree)
        assert len(events) == len(tree["events"])
        assert events[0].kind is Kind.INIT
        assert {event.timestamp for event in events} - {None} == {
            event["ts"] for event in tree["events"] if event.get("ts") is not None
        }
