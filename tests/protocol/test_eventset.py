"""The algebra of event sets."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.reasons import Outcome, Reason
from tests.support import consensus
from tests.support.strategies import child

STREAM = Cid.of(b"stream")
NUMBERS = st.integers(0, 5)

REPORTS: list[dict[str, Any]] = [
    {"timestamp": 7, "chain_id": "eip155:1"},
    {"timestamp": 3, "chain_id": "eip155:1"},
    *(
        {"reason": reason, "detail": detail}
        for reason in (
            Reason.ANCHOR_TX_UNKNOWN,
            Reason.ANCHOR_ROOT_MISMATCH,
            Reason.ANCHOR_CHAIN_UNKNOWN,
            Reason.ANCHOR_WITNESS_MISSING,
        )
        for detail in ("a", "b")
    ),
]
"""What may be reported of one and the same time event."""


def report(number: int, which: int) -> CheckedEvent:
    """One report on one of a few time events."""
    event = CheckedEvent(Cid.of(b"%d" % number), STREAM, Kind.TIME, STREAM, b"")
    return event._replace(**REPORTS[which])


reports = st.builds(report, NUMBERS, st.integers(0, len(REPORTS) - 1))
sets = st.lists(reports, max_size=12).map(EventSet.of)


@given(sets, sets)
def test_merge_is_commutative(left: EventSet, right: EventSet) -> None:
    assert left.merge(right) == right.merge(left)


@given(sets, sets, sets)
def test_merge_is_associative(one: EventSet, two: EventSet, three: EventSet) -> None:
    assert one.merge(two).merge(three) == one.merge(two.merge(three))


@given(sets)
def test_merge_is_idempotent_and_the_empty_set_is_neutral(one: EventSet) -> None:
    assert one.merge(one) == one == one.merge(EventSet()) == EventSet().merge(one)


@given(sets, sets)
def test_merge_leaves_both_sides_alone(left: EventSet, right: EventSet) -> None:
    before = dict(left.events), dict(right.events)
    merged = left.merge(right)
    merged.add(child(STREAM, STREAM, b"new"))
    assert (left.events, right.events) == before


@given(st.lists(reports, max_size=20), st.integers())
def test_order_duplicates_and_parts_leave_no_trace(found: list[CheckedEvent], seed: int) -> None:
    whole = EventSet.of(found)
    for _view, known in consensus.views(found, 2, Random(seed)) if found else ():
        assert known == whole


@given(st.lists(reports, min_size=1, max_size=20))
def test_every_event_that_was_put_in_is_there(found: list[CheckedEvent]) -> None:
    assert EventSet.of(found).events.keys() == {event.cid for event in found}


def test_the_better_informed_report_stays() -> None:
    ranked = [
        report(0, 1),  # proven early
        report(0, 0),  # proven later: the chain was reorganised
        report(0, 4),  # refused
        report(0, 6),  # chain unknown
        report(0, 8),  # a copy without its witnesses
    ]
    assert ranked[2].outcome is Outcome.REJECTED
    assert ranked[3].reason is Reason.ANCHOR_CHAIN_UNKNOWN
    for better in range(len(ranked)):
        for worse in range(better, len(ranked)):
            assert EventSet.of([ranked[worse], ranked[better]]).events[ranked[0].cid] == ranked[better]
