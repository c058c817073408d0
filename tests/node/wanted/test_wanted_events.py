"""Which events from elsewhere are kept, in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from ceramic_node.intake_answers import MissingPrev, Submitted
from ceramic_node.store.memory import MemoryStore
from ceramic_node.wanted.events import Offered, Sorted, WantedEvents
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.stored import NewEvent
from tests.node.states.making import data, document, document_id, init, model, model_id, nameless, time
from tests.node.wanted.making import related

BOB: Final = "did:key:bob"
NOTE, POST = model("Note"), model("Post")
NOTES, POSTS = model_id(NOTE), model_id(POST)

LINKED = document(POSTS, "linked")
LINKED_1 = data(LINKED, LINKED, 1)
WANTED = document(NOTES, "wanted", {"to": str(document_id(LINKED))})
WANTED_1 = data(WANTED, WANTED, 1)
WANTED_T = nameless(time(WANTED, WANTED_1, 5))
WANTED_TT = nameless(time(WANTED, WANTED_T, 6))
OTHER = document(POSTS, "other")
OTHER_1 = data(OTHER, OTHER, 1)
OTHER_T = nameless(time(OTHER, OTHER_1, 7))
TILE = init("tile")
BOBS = document(POSTS, "bob's", None, controller=BOB)

GOOD: Final = [NOTE, POST, WANTED, WANTED_1, WANTED_T, WANTED_TT, LINKED, LINKED_1, BOBS]
BAD: Final = [OTHER, OTHER_1, OTHER_T, TILE]
INTERESTS: Final = (f"model:{NOTES}", f"controller:{BOB}")


def cids(events: Sequence[NewEvent]) -> set[Cid]:
    return {event.checked.cid for event in events}


class Taking:
    """A store, and what lets events into it."""

    def __init__(self, *named: object) -> None:
        self.store = MemoryStore()
        self.wanted = WantedEvents(self.store, related(self.store, *(named or INTERESTS)))

    def offer(self, *events: NewEvent, is_filtered: bool = True) -> Sorted:
        offered = [Offered(place, event, is_filtered) for place, event in enumerate(events)]
        found = self.wanted.sort_out(offered)
        kept = [event for place, event, _ in offered if place not in found.answers]
        self.store.put([*kept, *found.released])
        return found

    @property
    def kept(self) -> set[Cid]:
        pool = {*GOOD, *BAD}
        return {event.checked.cid for event in pool if self.store.event(event.checked.cid) is not None}


BATCHES = st.permutations([*GOOD, *BAD]).flatmap(
    lambda events: st.lists(st.integers(1, 5), min_size=len(events), max_size=len(events)).map(
        lambda sizes: cut(events, sizes)
    )
)


def cut(events: Sequence[NewEvent], sizes: Sequence[int]) -> list[list[NewEvent]]:
    found, start = [], 0
    for size in sizes:
        if start < len(events):
            found.append(list(events[start : start + size]))
            start += size
    return found


@given(BATCHES)
def test_every_order_leads_to_the_same_events(batches: list[list[NewEvent]]) -> None:
    taking, seen = Taking(), -1
    while len(taking.kept) > seen:
        seen = len(taking.kept)
        for batch in batches:
            taking.offer(*batch)
            assert not taking.kept & cids(BAD)
    assert taking.kept == cids(GOOD)


@given(BATCHES)
def test_what_is_offered_once_is_kept_but_for_what_nobody_knew_of(batches: list[list[NewEvent]]) -> None:
    """A document that is referred to may come before anybody refers to it; all else is found at once."""
    taking = Taking()
    for batch in batches:
        taking.offer(*batch)
    assert cids(GOOD) - taking.kept <= cids([LINKED, LINKED_1])


def test_each_event_has_its_answer() -> None:
    taking = Taking()
    found = taking.offer(TILE, OTHER_1, WANTED, OTHER_T, NOTE)
    assert found.answers == {
        0: Submitted(TILE.checked.cid, None, None, is_unwanted=True),
        1: MissingPrev(OTHER_1.checked.cid, OTHER.checked.cid, is_init=True),
        3: MissingPrev(OTHER_T.checked.cid, OTHER.checked.cid, is_init=True),
    }
    assert taking.wanted.held == 2
    found = taking.offer(OTHER)
    assert list(found.answers) == [0]
    assert (taking.wanted.held, found.released) == (0, [])


def test_what_was_held_follows_its_init_event() -> None:
    taking = Taking()
    assert len(taking.offer(WANTED_TT, WANTED_T, WANTED_1).answers) == 3
    assert taking.wanted.held == 3
    found = taking.offer(WANTED)
    assert [event.checked.cid for event in found.released] == [
        event.checked.cid for event in (WANTED_1, WANTED_T, WANTED_TT)
    ]
    assert taking.kept == cids([WANTED, WANTED_1, WANTED_T, WANTED_TT])
    assert taking.wanted.held == 0


def test_what_writers_hand_in_is_kept() -> None:
    taking = Taking()
    assert taking.offer(OTHER_1) != Sorted({}, ())
    found = taking.offer(OTHER, TILE, is_filtered=False)
    assert (dict(found.answers), found.released) == ({}, [])
    assert taking.kept == cids([OTHER, TILE])
    assert len(taking.offer(OTHER_1).answers) == 1
    assert taking.offer(OTHER).answers == {}, "it is there already: more may be learned of it"


def test_what_writers_build_on_is_kept_with_it() -> None:
    taking = Taking()
    batch = [Offered(0, OTHER, True), Offered(1, OTHER_1, False), Offered(2, TILE, True)]
    assert list(taking.wanted.sort_out(batch).answers) == [2]
    later = Offered(2, data(OTHER, OTHER_1, 2), True)
    assert list(taking.wanted.sort_out([batch[0], batch[1], later]).answers) == [2]


def test_what_was_pruned_does_not_come_back_from_elsewhere() -> None:
    taking = Taking()
    taking.offer(OTHER, is_filtered=False)
    stream = OTHER.checked.cid
    taking.store.prune({stream: taking.store.snapshot(stream).version}, 10**15, 10)
    assert len(taking.offer(OTHER).answers) == 1
    taking.offer(OTHER, is_filtered=False)
    assert not taking.store.snapshot(stream).is_pruned


def test_a_stream_that_is_named_may_begin_with_any_event() -> None:
    taking = Taking(f"stream:{StreamId.of(3, OTHER.checked.cid)}")
    assert taking.offer(OTHER_1).answers == {}
    assert taking.kept == cids([OTHER_1])
    taking.offer(OTHER, TILE)
    assert taking.kept == cids([OTHER, OTHER_1])


def test_nothing_is_asked_while_nothing_is_filtered() -> None:
    taking = Taking()
    del taking.wanted._events
    assert taking.wanted.sort_out([Offered(0, TILE, is_filtered=False)]) == Sorted({}, ())
