"""What every store promises of filters, times and of what has changed since a version."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from hypothesis import strategies as st

from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from ceramic_protocol.limits import MAX_FEED_LOOK
from ceramic_protocol.ports import Clock, EventStore
from ceramic_protocol.stored import FeedFilter, FeedPage, NewEvent
from tests.node.store.making import (
    ALICE,
    BOB,
    NOTE,
    POST,
    chain_of,
    data,
    init,
    model,
    nameless,
    proven,
    time,
)
from tests.node.store.reading import cids, feed_of

A = init("a")
A1, A2, A3 = chain_of(A, 3)
T = time(A, A3)
B = init("b", BOB, POST)
B1 = data(B, B, 1)
TILE = init("tile", BOB, None)
C = init("c", ALICE, POST)
UNSEEN = StreamId.of(MODEL, Cid.of(b"unseen"))


@dataclass
class HandClock:
    """A clock that is set by hand."""

    time: int = 1000

    def now(self) -> int:
        return self.time


class FeedContract(ABC):
    """The suite; a class that names an implementation inherits it."""

    @abstractmethod
    def opened_with(self, folder: Path, clock: Clock) -> AbstractContextManager[EventStore]:
        """An empty store in a folder, with that clock."""

    @pytest.fixture
    def clock(self) -> HandClock:
        return HandClock()

    @pytest.fixture
    def timed(self, tmp_path: Path, clock: HandClock) -> Iterator[EventStore]:
        with self.opened_with(tmp_path, clock) as store:
            yield store

    def test_filters_leave_out_what_does_not_fit(self, timed: EventStore) -> None:
        timed.put([A, model("definition"), B, A1, TILE, B1, C, A2, A3, T, data(TILE, TILE, "x")])
        everything = feed_of(timed)
        kinds = (None, frozenset({Kind.INIT}), frozenset({Kind.DATA, Kind.TIME}), frozenset[Kind]())
        for wanted in (
            FeedFilter(*members)
            for members in product(
                (None, NOTE, POST, METAMODEL, UNSEEN),
                (None, A.checked.cid, B.checked.cid, TILE.checked.cid, A1.checked.cid, Cid.of(b"?")),
                (None, ALICE, BOB, BOB.upper()),
                kinds,
            )
        ):
            fitting = [entry for entry in everything if wanted.fits(entry)]
            for limit in (1, 3, 1000):
                assert feed_of(timed, limit, wanted) == fitting, wanted

    def test_a_page_says_up_to_where_it_has_looked(self, timed: EventStore) -> None:
        timed.put([A, B, A1, A2, B1, A3])
        wanted = FeedFilter(stream=B.checked.cid)
        page = timed.feed(0, 1, wanted=wanted)
        assert (cids(page.entries), page.looked_to) == ([B.checked.cid], 2)
        page = timed.feed(page.looked_to, 10, wanted=wanted, with_cars=True)
        assert ([entry.car for entry in page.entries], page.looked_to) == ([B1.car], 6)
        assert timed.feed(page.looked_to, 10, wanted=wanted) == FeedPage([], 6)
        assert timed.feed(7, 10, wanted=wanted) == FeedPage([], 7)
        assert timed.feed(7, 10) == FeedPage([], 7)
        assert timed.feed(4, 10).looked_to == 6
        assert timed.feed(0, 4).looked_to == 4
        nobody = FeedFilter(controller="nobody")
        assert timed.feed(0, 10, wanted=nobody) == FeedPage([], 6)

    def test_a_call_looks_at_a_bounded_number_of_entries(
        self, timed: EventStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("ceramic_node.store.memory", "ceramic_node.store.sqlite.feed"):
            monkeypatch.setattr(f"{module}.MAX_FEED_LOOK", 3)
        assert MAX_FEED_LOOK > 3
        timed.put([A, *chain_of(A, 8), T])
        wanted = FeedFilter(model=NOTE, kinds=frozenset({Kind.TIME}))
        seen = []
        at = -1
        page = timed.feed(0, 10, wanted=wanted)
        while page.looked_to > at:
            seen.append(page.looked_to)
            at = page.looked_to
            page = timed.feed(at, 10, wanted=wanted)
        assert seen == [3, 6, 9, 10]
        assert cids(feed_of(timed, 10, wanted)) == [T.checked.cid]

    def test_resuming_by_time(self, timed: EventStore, clock: HandClock) -> None:
        assert timed.position_at(0) == timed.position_at(10**15) == 0
        for moment, batch in ((1000, [A, A1]), (2000, [A3, B]), (1500, [B1]), (3000, [A2, T])):
            clock.time = moment
            timed.put(batch)
        assert [entry.received for entry in feed_of(timed)] == [1000, 1000, 2000, 2000, 3000, 3000, 3000]
        assert cids(timed.feed(timed.position_at(2001), 10).entries) == [
            event.checked.cid for event in (A2, A3, T)
        ]
        for moment, position in ((0, 0), (1000, 0), (1001, 2), (2000, 2), (2001, 4), (3000, 4), (3001, 7)):
            assert timed.position_at(moment) == position

    def test_what_has_changed_since_a_version(self, timed: EventStore) -> None:
        stream = A.checked.cid
        old = nameless(time(A, A2, "old"))
        versions = [0]
        for batch in ([A], [A3], [old], [A1], [A2], [T], [proven(T)], [B], [proven(T), A1]):
            timed.put(batch)
            versions.append(timed.snapshot(stream).version)
        for since, told in (
            (0, [A, A1, A2, A3, T, old]),
            (1, [A3, A1, A2, T, old]),
            (2, [A3, A1, A2, T, old]),
            (4, [A3, A2, T, old]),
            (5, [T]),
            (6, [T]),
            (7, []),
            (9, []),
        ):
            snapshot = timed.snapshot(stream, versions[since])
            assert snapshot.version == versions[-1]
            assert snapshot.events.keys() == {event.checked.cid for event in told}, since
        assert timed.snapshot(stream, versions[-1] + 5).events == {}
        assert timed.snapshot(Cid.of(b"?"), 3).events == {}

    def test_what_waits_is_told_when_more_is_known_of_it(self, timed: EventStore) -> None:
        stream = A.checked.cid
        timed.put([T])
        before = timed.snapshot(stream)
        assert timed.snapshot(stream, before.version).events == {}
        timed.put([proven(T)])
        assert timed.snapshot(stream, before.version).events == {T.checked.cid: proven(T).checked}


BATCHES = st.lists(st.lists(st.sampled_from([A, A1, A2, A3, T, proven(T), B, B1]), max_size=4))


def keep_a_copy_up(store: EventStore, batches: list[list[NewEvent]]) -> None:
    """A copy that gets what has changed is the stream, after each of some batches."""
    stream, version = A.checked.cid, 0
    copy = dict(store.snapshot(stream).events)
    for batch in batches:
        store.put(batch)
        news = store.snapshot(stream, version)
        copy.update(news.events)
        version = news.version
        assert copy == store.snapshot(stream).events
