"""What every store promises of giving up bytes, and of having them back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import Clock, EventStore
from ceramic_protocol.store_port import ANY_VERSION
from ceramic_protocol.stored import NewEvent, Pruned, PutOutcome, StreamFilter
from tests.node.store.feed_contract import HandClock
from tests.node.store.making import BOB, POST, bare, chain_of, data, init, nameless, proven, time
from tests.node.store.reading import feed_of
from tests.node.store.sharing import under

A = init("a")
A1, A2, A3 = chain_of(A, 3)
T = proven(time(A, A3))
B = init("b", BOB, POST)
B1 = under(B, B, 1)
B2 = under(B, B1, 2)
OLD = nameless(time(B, B2))
EVENTS = [A, B, A1, B1, A2, B2, A3, T, OLD]
NEVER = 10**15
ALL = 1000


def versions(store: EventStore, *streams: NewEvent) -> dict[Cid, int]:
    found = {stream.checked.cid: store.entry(stream.checked.cid) for stream in streams}
    return {cid: entry.version for cid, entry in found.items() if entry is not None}


def prune(store: EventStore, *streams: NewEvent, before: int = NEVER, limit: int = ALL) -> Pruned:
    return store.prune(versions(store, *streams), before, limit)


def size(*events: NewEvent) -> int:
    return sum(len(event.car) for event in events)


def outline(store: EventStore) -> list[object]:
    """All that a store says but for bytes."""
    feed = feed_of(store)
    return [
        [(item.position, item.checked._replace(payload=b""), item.facts, item.received) for item in feed],
        store.changed(0, 100),
        store.find(StreamFilter(), 0, 100),
        store.streams_of([item.checked.cid for item in feed]),
        store.head(),
        [store.snapshot(item.checked.cid).events.keys() for item in feed],
        [store.snapshot(item.checked.cid).version for item in feed],
    ]


class PruningContract(ABC):
    """The suite; a class that names an implementation inherits it."""

    @abstractmethod
    def opened_with(self, folder: Path, clock: Clock) -> AbstractContextManager[EventStore]:
        """An empty store in a folder, with that clock."""

    @pytest.fixture
    def clock(self) -> HandClock:
        return HandClock()

    @pytest.fixture
    def pruned(self, tmp_path: Path, clock: HandClock) -> Iterator[EventStore]:
        """A store of which nothing has been pruned yet."""
        with self.opened_with(tmp_path, clock) as store:
            store.put(EVENTS)
            yield store
            check = getattr(store, "check", None)
            assert check is None or check(thorough=True) == []

    def test_all_but_bytes_stays(self, pruned: EventStore) -> None:
        before = outline(pruned)
        done = prune(pruned, A)
        assert (done.streams, done.unfinished, done.events) == ([A.checked.cid], [], 5)
        assert done.bytes == size(A, A1, A2, A3, T)
        assert outline(pruned) == before
        for event in (A, A1, A2, A3, T):
            found = pruned.event(event.checked.cid)
            assert found is not None
            assert found.is_pruned
            assert found.checked == event.checked._replace(payload=b"")
        kept = pruned.event(B1.checked.cid)
        assert kept is not None
        assert (kept.car, kept.is_pruned, kept.checked) == (B1.car, False, B1.checked)
        assert [item.car for item in pruned.feed(0, 3, with_cars=True).entries] == [b"", B.car, b""]
        assert pruned.snapshot(A.checked.cid).is_pruned
        assert pruned.snapshot(A.checked.cid, pruned.head().version).is_pruned
        assert not pruned.snapshot(B.checked.cid).is_pruned

    def test_hollow_events_are_told_from_time_events(self, pruned: EventStore) -> None:
        prune(pruned, A, B)
        events = {**pruned.snapshot(A.checked.cid).events, **pruned.snapshot(B.checked.cid).events}
        hollow = {cid for cid, event in events.items() if event.is_hollow}
        assert hollow == {event.checked.cid for event in EVENTS} - {T.checked.cid, OLD.checked.cid}

    def test_a_capability_stays(self, pruned: EventStore) -> None:
        prune(pruned, B)
        found = pruned.event(B2.checked.cid)
        assert found is not None
        assert (found.checked.grant, found.checked.capability) == (
            B2.checked.grant,
            B2.checked.capability,
        )

    def test_it_goes_piece_by_piece(self, pruned: EventStore) -> None:
        first = prune(pruned, A, B, limit=3)
        assert (first.streams, first.unfinished, first.events) == ([], [A.checked.cid], 3)
        assert pruned.snapshot(A.checked.cid).is_pruned
        second = prune(pruned, A, B, limit=3)
        assert (second.streams, second.unfinished) == ([A.checked.cid], [B.checked.cid])
        third = prune(pruned, A, B, limit=3)
        assert third.streams == [B.checked.cid]
        assert first.events + second.events + third.events == len(EVENTS)
        assert prune(pruned, A, B) == Pruned([], [], 0, 0)

    def test_a_trial_changes_nothing(self, pruned: EventStore) -> None:
        asked = versions(pruned, A, B)
        trial = pruned.prune(asked, NEVER, 1, is_trial=True)
        assert trial == pruned.prune(asked, NEVER, 1, is_trial=True)
        assert (trial.events, trial.unfinished) == (len(EVENTS), [])
        assert not pruned.snapshot(A.checked.cid).is_pruned
        assert prune(pruned, A, B) == trial

    def test_what_is_left_out(self, pruned: EventStore, clock: HandClock) -> None:
        assert prune(pruned, A, before=clock.time).events == 0
        assert prune(pruned, A, before=clock.time + 1).events == 5
        stale = versions(pruned, B)
        clock.time += 100
        pruned.put([data(B, B, "fork")])
        assert pruned.prune(stale, NEVER, ALL).events == 0
        assert prune(pruned, B, before=clock.time).events == 0
        waits = data(B, data(B, B, "never"), "waits")
        pruned.put([waits])
        assert prune(pruned, B).events == 0
        unknown = data(init("unknown"), init("unknown"), 1)
        pruned.put([unknown])
        stream = init("unknown").checked.cid
        assert pruned.prune({stream: pruned.snapshot(stream).version}, NEVER, ALL).events == 0
        assert pruned.prune({Cid.of(b"nothing"): 0}, NEVER, ALL) == Pruned([], [], 0, 0)
        assert pruned.prune(ANY_VERSION, NEVER, ALL) == Pruned([], [], 0, 0)

    def test_bytes_come_back(self, pruned: EventStore) -> None:
        order = [(item.position, item.checked.cid) for item in feed_of(pruned)]
        prune(pruned, A, B)
        version = pruned.head().version
        assert pruned.put([A1, T]).outcomes == [PutOutcome.BETTER] * 2
        assert pruned.head().version > version
        snapshot = pruned.snapshot(A.checked.cid, version)
        assert (snapshot.events, snapshot.is_pruned) == (
            {A1.checked.cid: A1.checked, T.checked.cid: T.checked},
            True,
        )
        assert pruned.put([A1, A, A2, A3, T]).outcomes == [
            PutOutcome.KNOWN,
            *[PutOutcome.BETTER] * 3,
            PutOutcome.KNOWN,
        ]
        assert not pruned.snapshot(A.checked.cid).is_pruned
        for event in (A, A1, A2, A3, T):
            found = pruned.event(event.checked.cid)
            assert found is not None
            assert NewEvent(found.car, found.checked) == event
        pruned.put([B2, OLD, B1, B])
        again = pruned.event(B2.checked.cid)
        assert again is not None
        assert NewEvent(again.car, again.checked) == B2
        assert [(item.position, item.checked.cid) for item in feed_of(pruned)] == order

    def test_what_came_back_is_as_old_as_that(self, pruned: EventStore, clock: HandClock) -> None:
        clock.time = 5000
        prune(pruned, A, before=2000)
        pruned.put([A, A1, A2, A3, T])
        assert prune(pruned, A, before=5000).events == 0
        assert prune(pruned, A, before=5001).events == 5

    def test_what_comes_to_a_pruned_stream_is_kept(self, pruned: EventStore) -> None:
        prune(pruned, A)
        late = data(A, A3, "late")
        assert pruned.put([late, bare(T)]).outcomes == [PutOutcome.NEW, PutOutcome.KNOWN]
        found = pruned.event(late.checked.cid)
        assert found is not None
        assert NewEvent(found.car, found.checked) == late
        assert pruned.snapshot(A.checked.cid).is_pruned
        assert prune(pruned, A).events == 1
        assert pruned.put([late, late]).outcomes == [PutOutcome.BETTER, PutOutcome.KNOWN]
