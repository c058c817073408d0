"""A store beside a model of plain dicts: whatever is put in whatever order, both say the same."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ports import EventStore
from ceramic_protocol.store_port import VersionMoved
from ceramic_protocol.stored import NewEvent, PutOutcome, StoredEvent, StreamFilter
from tests.node.store.making import BOB, POST, bare, data, init, known_as, nameless, proven, time
from tests.node.store.reading import cids, feed_of, streams_found


def _forest() -> list[list[NewEvent]]:
    """Copies of each of the events that are put: three streams, forks, anchors, and links across streams."""
    a, b, c = init("a"), init("b", BOB, POST), init("c", BOB)
    a1, a2, side = data(a, a, 1), data(a, data(a, a, 1), 2), data(a, a, "side")
    early, late = time(a, a1), time(a, a2)
    old, older = time(b, b), time(b, time(b, b))
    b1 = data(b, b, 1)
    strange = data(b, a1, "strange")
    certain = [a, b, c, a1, a2, side, b1, data(b, b1, 2), strange, data(c, strange, "on"), data(a1, a1, "x")]
    return [
        *([event] for event in certain),
        *([event, proven(event), bare(event)] for event in (early, late)),
        *([nameless(event), nameless(proven(event)), nameless(bare(event))] for event in (old, older)),
        [nameless(time(b, strange))],
    ]


COPIES = _forest()
ANY_COPY = st.sampled_from(COPIES).flatmap(st.sampled_from)
STREAMS = [COPIES[number][0].checked.cid for number in (0, 1, 2, 3)]


@dataclass
class Held:
    """A store, and what closes it and opens it anew."""

    store: EventStore
    reopen: Callable[[], EventStore]


class _Model:
    """What a store means, worked out anew each time."""

    def __init__(self, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self.events: dict[Cid, NewEvent] = {}

    def placed(self, events: dict[Cid, NewEvent]) -> dict[Cid, Cid]:
        """The streams of all events that are or would be delivered."""
        found: dict[Cid, Cid] = {}
        while True:
            more = {cid: home for cid, event in events.items() if (home := self._home(event.checked, found))}
            if more == found:
                return found
            found = more

    @staticmethod
    def _home(event: CheckedEvent, found: dict[Cid, Cid]) -> Cid | None:
        if event.kind is Kind.INIT or event.prev is None:
            return event.cid
        home = found.get(event.prev)
        named: Cid | None = event.stream
        return home if named in {None, home} else None

    def waiting(self, events: dict[Cid, NewEvent]) -> list[Cid]:
        placed = self.placed(events)
        return [cid for cid in events if cid not in placed]

    def put(self, batch: list[NewEvent]) -> list[PutOutcome]:
        outcomes, after = [], dict(self.events)
        for event in batch:
            cid = event.checked.cid
            known = after.get(cid)
            if known is None:
                after[cid] = event
                outcomes.append(PutOutcome.NEW)
                continue
            best = EventSet.of((known.checked, event.checked)).events[cid]
            if best is known.checked:
                outcomes.append(PutOutcome.KNOWN)
            else:
                after[cid] = NewEvent(event.car, best)
                outcomes.append(PutOutcome.BETTER)
        fresh = [cid for cid in self.waiting(after) if cid not in self.events]
        room = max(0, self.max_waiting - (len(self.waiting(after)) - len(fresh)))
        refused = set(fresh[room:])
        self.events = {cid: event for cid, event in after.items() if cid not in refused}
        return [
            PutOutcome.NO_ROOM if event.checked.cid in refused else outcome
            for event, outcome in zip(batch, outcomes, strict=True)
        ]

    def sets(self) -> dict[Cid, dict[Cid, CheckedEvent]]:
        """The events of each stream."""
        placed = self.placed(self.events)
        found: dict[Cid, dict[Cid, CheckedEvent]] = {}
        for cid, event in self.events.items():
            named: Cid | None = event.checked.stream
            home = placed.get(cid) or named
            if home is not None:
                found.setdefault(home, {})[cid] = known_as(event, stream=home).checked
        return found


class StoreMachine(RuleBasedStateMachine):
    """Puts events in batches, in any order, several times, and with or without expecting a version."""

    @abstractmethod
    def hold(self, max_waiting: int) -> Held:
        """An empty store in which so many events may wait."""

    @initialize(max_waiting=st.sampled_from([0, 1, 3, 100]))
    def begin(self, max_waiting: int) -> None:
        self.held = self.hold(max_waiting)
        self.store = self.held.store
        self.model = _Model(max_waiting)
        self.feed: list[Cid] = []
        self.versions: dict[Cid, int] = {}

    @rule(batch=st.lists(ANY_COPY, max_size=8))
    def put(self, batch: list[NewEvent]) -> None:
        before = self.model.sets()
        result = self.store.put(batch)
        assert result.outcomes == self.model.put(batch)
        self._compare_versions(before, result.versions)

    @rule(batch=st.lists(ANY_COPY, max_size=3), stream=st.sampled_from(STREAMS), stale=st.booleans())
    def put_if(self, batch: list[NewEvent], stream: Cid, *, stale: bool) -> None:
        version = self.store.snapshot(stream).version
        if stale:
            with pytest.raises(VersionMoved) as raised:
                self.store.put(batch, if_versions={stream: version - 1})
            assert (raised.value.stream, raised.value.version) == (stream, version)
            return
        before = self.model.sets()
        result = self.store.put(batch, if_versions={stream: version})
        assert result.outcomes == self.model.put(batch)
        self._compare_versions(before, result.versions)

    @rule()
    def reopen(self) -> None:
        self.store = self.held.reopen()

    def _compare_versions(self, before: dict[Cid, dict[Cid, CheckedEvent]], told: dict[Cid, int]) -> None:
        after = self.model.sets()
        last = max(self.versions.values(), default=0)
        assert told.keys() == {stream for stream, events in after.items() if before.get(stream) != events}
        assert list(told.values()) == sorted(told.values())
        for stream in after:
            version = self.store.snapshot(stream).version
            if stream in told:
                assert told[stream] == version > last
            else:
                assert version == self.versions[stream]
            self.versions[stream] = version
        assert len(set(self.versions.values())) == len(self.versions)

    @invariant()
    def sets_are_the_same(self) -> None:
        sets = self.model.sets()
        for stream in {*STREAMS, *sets}:
            assert self.store.snapshot(stream).events == sets.get(stream, {})
        placed = self.model.placed(self.model.events)
        for copies in COPIES:
            cid = copies[0].checked.cid
            event, found = self.model.events.get(cid), self.store.event(cid)
            assert (event is None) is (found is None)
            if event is not None and found is not None:
                named: Cid | None = event.checked.stream
                home = placed.get(cid) or named
                assert found.car == event.car
                assert found.checked == known_as(event, stream=home).checked
                assert (found.position is not None) is (cid in placed)

    @invariant()
    def the_feed_grows_in_order(self) -> None:
        items = feed_of(self.store, 4)
        found = cids(items)
        assert found[: len(self.feed)] == self.feed
        assert set(found) == self.model.placed(self.model.events).keys()
        assert len(set(found)) == len(found)
        positions = [item.position for item in items]
        assert positions == sorted(set(positions))
        for place, item in enumerate(items):
            assert item.checked.prev is None or item.checked.prev in found[:place]
            assert self.store.event(item.checked.cid) == StoredEvent(
                self.model.events[item.checked.cid].car, item.checked, item.position
            )
        assert self.store.head().position == (positions[-1] if positions else 0)
        self.feed = found

    @invariant()
    def changes_lead_to_every_stream(self) -> None:
        assert self.store.changed(0, 100) == sorted(self.versions.items(), key=lambda item: item[1])
        assert self.store.head().version == max(self.versions.values(), default=0)

    @invariant()
    def streams_are_found(self) -> None:
        begun = [item for item in feed_of(self.store) if item.checked.kind is Kind.INIT]
        assert streams_found(self.store, StreamFilter(), 2) == cids(begun)
        wanted = StreamFilter(controller=BOB)
        assert streams_found(self.store, wanted, 1) == cids(item for item in begun if wanted.fits(item.facts))


StoreMachine.TestCase.settings = settings(stateful_step_count=25)
