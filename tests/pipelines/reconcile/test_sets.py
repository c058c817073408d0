"""Two random subsets of one set of events: the difference is exact, and a repair makes both equal."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.streams import MadeEvent
from ceramic_pipelines.reconcile.values import Side
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent, decode_event
from tests.pipelines.private_node.running import made
from tests.pipelines.reconcile.making import BOTH, lines_of, reconciled, store_of, tables_of

EVENTS = made(3)
SUBSETS = st.sets(st.sampled_from(range(len(EVENTS))))


def prev_of(event: MadeEvent) -> Cid | None:
    found = decode_event(event.raw.car)
    assert not isinstance(found, InvalidEvent)
    return found.prev


PREVS = {event.cid: prev_of(event) for event in EVENTS}


def cids(chosen: set[int]) -> set[Cid]:
    return {EVENTS[index].cid for index in chosen}


def shown(there: set[Cid]) -> set[Cid]:
    """What a store shows: events with all that they build on."""

    def has_all(cid: Cid | None) -> bool:
        return cid is None or (cid in there and has_all(PREVS[cid]))

    return {cid for cid in there if has_all(cid)}


@given(SUBSETS, SUBSETS)
@settings(max_examples=60, deadline=None)
def test_of_two_files(a: set[int], b: set[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides = [
            lines_of(folder, side, (EVENTS[at] for at in sorted(of))) for side, of in (("a", a), ("b", b))
        ]
        result, found = reconciled(*sides)
    assert {each.cid for each in found if each.side is Side.A} == cids(b - a)
    assert {each.cid for each in found if each.side is Side.B} == cids(a - b)
    assert len(found) == len(a ^ b)
    assert result.is_equal == (a == b)
    assert [counts.events.total() for counts in (result.before.a, result.before.b)] == [len(a), len(b)]
    assert {each.kind for each in found} <= {"init", "data"}


@given(SUBSETS, SUBSETS)
@settings(max_examples=15, deadline=None)
def test_of_two_stores(a: set[int], b: set[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides = [
            store_of(folder, side, (EVENTS[at] for at in sorted(of))) for side, of in (("a", a), ("b", b))
        ]
        _before, found = reconciled(*sides)
        repaired, _found = reconciled(*sides, repair=BOTH)
        again, nothing = reconciled(*sides)
    of_a, of_b = shown(cids(a)), shown(cids(b))
    assert {each.cid for each in found if each.side is Side.A} == of_b - of_a
    assert {each.cid for each in found if each.side is Side.B} == of_a - of_b
    assert repaired.is_equal
    assert again.is_equal
    assert not nothing
    # What neither could show by itself may be there once the other one's events are.
    assert again.before.a.events.total() == len(shown(of_a | of_b | cids(a) | cids(b)))


@given(SUBSETS, SUBSETS)
@settings(max_examples=4, deadline=None)
def test_of_a_store_and_tables(a: set[int], b: set[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = store_of(folder, "a", (EVENTS[at] for at in sorted(a)))
        tables = tables_of(folder, "b", (EVENTS[at] for at in sorted(b)), incremental=True, num_shards=2)
        _before, found = reconciled(store, tables)
        repaired, _found = reconciled(store, tables, repair=BOTH)
    assert {each.cid for each in found if each.side is Side.B} == shown(cids(a)) - cids(b)
    assert {each.cid for each in found if each.side is Side.A} <= cids(b) - shown(cids(a))
    assert repaired.is_equal
