"""What every implementation of the port `EventStore` promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Barrier, Thread
from time import monotonic

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, TILE, StreamId
from ceramic_protocol.limits import MAX_STORE_PAGE
from ceramic_protocol.networks import MAINNET
from ceramic_protocol.ports import EventStore
from ceramic_protocol.reasons import Reason
from ceramic_protocol.store_port import VersionMoved
from ceramic_protocol.stored import (
    FeedPage,
    Grounds,
    NewEvent,
    PutOutcome,
    PutResult,
    StoredEvent,
    StoreHead,
    StreamFacts,
    StreamFilter,
    StreamSnapshot,
)
from tests.node.store.making import (
    ALICE,
    BOB,
    NOTE,
    POST,
    bare,
    chain_of,
    data,
    init,
    known_as,
    model,
    nameless,
    proven,
    time,
)
from tests.node.store.reading import changes_of, cids, feed_of, streams_found

NEW, KNOWN, BETTER, NO_ROOM = PutOutcome
MAX_WAITING = 5

A = init("a")
A1, A2, A3 = chain_of(A, 3)
T = time(A, A3)
B = init("b", BOB, POST)
B1 = data(B, B, 1)


class StoreContract(ABC):
    """The suite; a class that names an implementation inherits it."""

    @abstractmethod
    def opened(self, folder: Path) -> AbstractContextManager[EventStore]:
        """A store in a folder, empty at first, in which `MAX_WAITING` events may wait."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EventStore]:
        with self.opened(tmp_path) as store:
            yield store

    def test_an_empty_store(self, store: EventStore) -> None:
        cid = A.checked.cid
        assert store.event(cid) is None
        assert store.entry(cid) is None
        assert store.snapshot(cid) == StreamSnapshot(cid, 0, {})
        assert (store.streams_of([cid]), store.streams_of([])) == ({}, {})
        assert (store.feed(0, 10), store.changed(0, 10), store.find(StreamFilter(), 0, 10)) == (
            FeedPage([], 0),
            [],
            [],
        )
        assert store.head() == StoreHead(0, 0)
        assert store.put([]) == PutResult([], {})
        assert store.head() == StoreHead(0, 0)

    def test_events_in_order(self, store: EventStore) -> None:
        batch = [A, A1, B, A2, B1, A3, T]
        assert store.put(batch).outcomes == [NEW] * 7
        assert cids(store.feed(0, 10).entries) == [event.checked.cid for event in batch]
        assert [item.checked for item in store.feed(0, 10).entries] == [event.checked for event in batch]
        found = store.event(A1.checked.cid)
        assert found == StoredEvent(*A1[:2], store.feed(0, 10).entries[1].position)
        assert store.snapshot(A.checked.cid).events == {
            event.checked.cid: event.checked for event in (A, A1, A2, A3, T)
        }
        assert store.streams_of([A3.checked.cid, B.checked.cid, Cid.of(b"?")]) == {
            A3.checked.cid: A.checked.cid,
            B.checked.cid: B.checked.cid,
        }

    def test_events_whose_cids_end_alike_are_kept_apart(self, store: EventStore) -> None:
        # Whoever makes an event can choose the last bytes of its CID, with some patience.
        change, stream = (Cid(event.checked.cid[:-8] + A.checked.cid[-8:]) for event in (B1, init("twin")))
        alike = [A, known_as(B1, cid=change), known_as(init("twin"), cid=stream, stream=stream)]
        homes = {A.checked.cid: A.checked.cid, change: B.checked.cid, stream: stream}
        store.put([B])
        for event in alike:
            later = [each.checked.cid for each in alike[alike.index(event) :]]
            assert [store.event(cid) for cid in later] == [None] * len(later)
            assert store.streams_of(later) == {}
            assert store.put([event]).outcomes == [NEW]
        assert store.put(alike).outcomes == [KNOWN] * 3
        for event in alike:
            found = store.event(event.checked.cid)
            assert found is not None
            assert found[:2] == event[:2]
        assert store.streams_of(homes.keys()) == homes
        assert store.reports(homes.keys()) == {event.checked.cid: event.checked for event in alike}

    def test_what_events_build_on(self, store: EventStore) -> None:
        assert store.grounds([]) == Grounds({}, set())
        assert store.grounds([A1.checked, nameless(T).checked, A.checked]) == Grounds({}, set())
        store.put([A, A1, A3])
        facts = {A.checked.cid: StreamFacts.of(A.checked)}
        asked = [event.checked for event in (A1, A2, A3, T, B1)]
        # A3 waits and is there all the same.
        assert store.grounds(asked) == Grounds(facts, {event.checked.cid for event in (A, A1, A3)})
        assert store.grounds([nameless(T).checked]) == Grounds({}, {A3.checked.cid})

    def test_snapshots_of_several_streams(self, store: EventStore) -> None:
        stream_a, stream_b, nothing = A.checked.cid, B.checked.cid, Cid.of(b"?")
        store.put([A, A1, B, A3])
        since = {stream_a: 0, nothing: 0, stream_b: store.snapshot(stream_b).version}
        store.put([A2, B1])
        found = store.snapshots(since, 99)
        assert found == {stream: store.snapshot(stream, version) for stream, version in since.items()}
        assert found[stream_a].events.keys() == {event.checked.cid for event in (A, A1, A2, A3)}
        assert found[stream_b].events.keys() == {B1.checked.cid}
        assert found[nothing] == StreamSnapshot(nothing, 0, {})
        for few in range(6):
            told = store.snapshots(since, few)
            assert sum(len(each.events) for each in told.values()) <= few
            assert told.items() <= found.items()
        assert store.snapshots({stream_a: 0}, 3) == {}
        assert store.snapshots({stream_a: 0}, 4).keys() == {stream_a}

    def test_streams_that_were_told_of_are_found_as_others(self, store: EventStore) -> None:
        other = init("other")
        store.put([A, A1, B, A3, data(other, other, 1)])
        since = dict.fromkeys([event.checked.cid for event in (A, B, other, A1)], 0)
        found = store.snapshots(since, 99)
        assert [len(found[stream].events) for stream in since] == [3, 1, 1, 0]
        for few in (1, 2, 99):
            streams = {stream for stream, _version in store.changed(0, few)}
            assert len(streams) == min(few, 3)
            assert streams <= since.keys()
            assert store.snapshots(since, 99) == found
            assert store.reports(since.keys()).keys() == {event.checked.cid for event in (A, B, A1)}

    def test_where_events_are(self, store: EventStore) -> None:
        stream = A.checked.cid
        store.put([A])
        first = store.snapshot(stream).version
        store.put([A2])
        second = store.snapshot(stream).version
        assert store.snapshot(stream).places == {stream: (1, first), A2.checked.cid: (None, second)}
        store.put([A1])
        third = store.snapshot(stream).version
        assert store.snapshot(stream).places == {
            stream: (1, first),
            A1.checked.cid: (2, third),
            A2.checked.cid: (3, third),
        }
        store.put([T])
        fourth = store.snapshot(stream).version
        store.put([proven(T)])
        fifth = store.snapshot(stream).version
        assert first < second < third < fourth <= fifth
        assert store.snapshot(stream, third).places.keys() == {T.checked.cid}
        assert store.snapshot(stream, third).places[T.checked.cid].version == fifth

    def test_reports_on_events(self, store: EventStore) -> None:
        store.put([A, A1, B, A3])
        wanted = [A.checked.cid, B.checked.cid, A1.checked.cid, A3.checked.cid, Cid.of(b"?")]
        assert store.reports([]) == {}
        assert store.reports(wanted) == {event.checked.cid: event.checked for event in (A, B, A1)}

    def test_bytes_come_back_as_they_came(self, store: EventStore) -> None:
        store.put([A, A1])
        assert [item.car for item in store.feed(0, 10, with_cars=True).entries] == [A.car, A1.car]
        assert [item.car for item in store.feed(0, 10).entries] == [None, None]

    @pytest.mark.parametrize("is_one_batch", [True, False])
    def test_an_event_is_delivered_after_its_prev(self, store: EventStore, *, is_one_batch: bool) -> None:
        late = [A2, A3, A1]
        for batch in [[*late, A]] if is_one_batch else [[event] for event in late]:
            assert set(store.put(batch).outcomes) == {NEW}
        if not is_one_batch:
            assert store.feed(0, 10).entries == []
            assert store.event(A1.checked.cid) == StoredEvent(*A1[:2], None)
            assert store.snapshot(A.checked.cid).events.keys() == {event.checked.cid for event in late}
            assert store.streams_of([A2.checked.cid]) == {A2.checked.cid: A.checked.cid}
            assert store.entry(A.checked.cid) is None
            assert store.put([A]).outcomes == [NEW]
        assert cids(store.feed(0, 10).entries) == [event.checked.cid for event in (A, A1, A2, A3)]

    def test_a_long_log_backwards(self, store: EventStore) -> None:
        log = [A, *chain_of(A, 1500)]
        assert set(store.put(log[::-1]).outcomes) == {NEW}
        assert cids(feed_of(store)) == [event.checked.cid for event in log]

    def test_what_waits_follows_the_event_it_waited_for(self, store: EventStore) -> None:
        store.put([A2, A3])
        store.put([A, A1, B])
        assert cids(store.feed(0, 10).entries) == [event.checked.cid for event in (A, A1, A2, A3, B)]

    def test_events_are_kept_once(self, store: EventStore) -> None:
        assert store.put([A, A, A1]).outcomes == [NEW, KNOWN, NEW]
        before = store.snapshot(A.checked.cid), store.head()
        assert store.put([A1, A, A1]).outcomes == [KNOWN] * 3
        assert (store.snapshot(A.checked.cid), store.head()) == before

    def test_the_better_informed_report_stays(self, store: EventStore) -> None:
        store.put([A, A1, A2, A3])
        assert store.put([bare(T)]).outcomes == [NEW]
        feed, stream = store.head(), A.checked.cid
        for event, outcome in (
            (T, BETTER),
            (proven(T), BETTER),
            (T, KNOWN),
            (bare(T), KNOWN),
            (proven(T, 499), BETTER),
        ):
            version = store.snapshot(stream).version
            assert store.put([event]).outcomes == [outcome]
            assert (store.snapshot(stream).version > version) is (outcome is BETTER)
        best = proven(T, 499)
        assert store.head().position == feed.position == 5
        assert store.event(T.checked.cid) == StoredEvent(*best[:2], 5)
        assert store.snapshot(stream).events[T.checked.cid] == best.checked
        assert [(item.checked, item.car) for item in store.feed(4, 10, with_cars=True).entries] == [
            (best.checked, best.car)
        ]

    def test_several_reports_in_one_batch(self, store: EventStore) -> None:
        store.put([A, A1, A2, A3])
        assert store.put([bare(T), proven(T), T]).outcomes == [NEW, BETTER, KNOWN]
        assert store.event(T.checked.cid) == StoredEvent(*proven(T)[:2], 5)

    def test_more_can_be_learned_of_what_waits(self, store: EventStore) -> None:
        store.put([bare(T)])
        assert store.put([proven(T)]).outcomes == [BETTER]
        store.put([A, A1, A2, A3])
        assert store.feed(4, 1).entries[0].checked == proven(T).checked

    def test_a_time_event_that_names_no_stream_is_of_that_of_its_prev(self, store: EventStore) -> None:
        first = time(A, A1)
        second = time(A, first)
        store.put([nameless(second), nameless(first)])
        assert store.snapshot(A.checked.cid).events == {}
        assert store.streams_of([first.checked.cid]) == {}
        assert store.event(first.checked.cid) == StoredEvent(*nameless(first)[:2], None)
        store.put([A])
        version = store.snapshot(A.checked.cid).version
        store.put([A1])
        snapshot = store.snapshot(A.checked.cid)
        assert snapshot.version > version
        assert snapshot.events == {event.checked.cid: event.checked for event in (A, A1, first, second)}
        assert [item.checked for item in store.feed(2, 10).entries] == [first.checked, second.checked]
        assert store.streams_of([second.checked.cid]) == {second.checked.cid: A.checked.cid}
        assert store.put([nameless(proven(first))]).outcomes == [BETTER]
        assert store.snapshot(A.checked.cid).events[first.checked.cid] == proven(first).checked

    def test_a_stream_changes_when_it_turns_out_what_belongs_to_it(self, store: EventStore) -> None:
        late = time(A, A1)
        store.put([A])
        store.put([nameless(late)])
        version = store.snapshot(A.checked.cid).version
        store.put([A1])
        assert store.snapshot(A.checked.cid).version > version

    def test_a_prev_in_another_stream_delivers_nothing(self, store: EventStore) -> None:
        strange = data(B, A1, "strange")
        after = data(B, strange, "after")
        assert store.put([A, A1, strange, after, B]).outcomes == [NEW] * 5
        assert cids(store.feed(0, 10).entries) == [event.checked.cid for event in (A, A1, B)]
        assert set(store.snapshot(B.checked.cid).events) == {
            event.checked.cid for event in (B, strange, after)
        }
        store.put([strange, A2])
        assert store.event(strange.checked.cid) == StoredEvent(*strange[:2], None)

    def test_an_event_that_takes_another_one_for_its_init_event(self, store: EventStore) -> None:
        strange = data(A1, A1, "strange")
        store.put([A, A1, strange])
        assert len(store.feed(0, 10).entries) == 2
        assert store.entry(A1.checked.cid) is None

    def test_events_that_were_refused_are_kept_like_others(self, store: EventStore) -> None:
        refused = known_as(A1, reason=Reason.SIGNATURE_INVALID, detail="no")
        store.put([A, refused, A2])
        assert [item.checked for item in store.feed(0, 10).entries] == [
            A.checked,
            refused.checked,
            A2.checked,
        ]

    def test_only_so_many_events_may_wait(self, store: EventStore) -> None:
        log = chain_of(A, MAX_WAITING + 3)
        assert store.put(log[1:3]).outcomes == [NEW] * 2
        assert store.put([B, *log[3:]]).outcomes == [NEW] * 4 + [NO_ROOM] * 2
        assert store.event(log[-1].checked.cid) is None
        assert len(store.snapshot(A.checked.cid).events) == MAX_WAITING
        assert store.put([log[1], log[-1]]).outcomes == [KNOWN, NO_ROOM]
        assert store.put([A, log[0], log[-1]]).outcomes == [NEW, NEW, NEW]
        assert store.put(log[-3:]).outcomes == [KNOWN, NEW, KNOWN]
        assert cids(feed_of(store)) == [event.checked.cid for event in (B, A, *log)]

    def test_a_batch_in_any_order_needs_no_room(self, store: EventStore) -> None:
        log = [A, *chain_of(A, 3 * MAX_WAITING)]
        assert store.put(log[::-1]).outcomes == [NEW] * len(log)

    def test_a_change_that_expects_the_present_version_is_made(self, store: EventStore) -> None:
        stream = A.checked.cid
        store.put([A], if_versions={stream: 0})
        before = store.snapshot(stream)
        result = store.put([A1], if_versions={stream: before.version})
        assert result == PutResult([NEW], {stream: store.snapshot(stream).version})
        with pytest.raises(VersionMoved) as raised:
            store.put([A2, B], if_versions={stream: before.version})
        assert (raised.value.code, raised.value.stream, raised.value.expected) == (
            "version_moved",
            stream,
            before.version,
        )
        assert raised.value.version == store.snapshot(stream).version
        assert (store.event(A2.checked.cid), store.event(B.checked.cid)) == (None, None)

    def test_versions_of_streams_that_only_were_read(self, store: EventStore) -> None:
        store.put([A, B])
        version = store.snapshot(A.checked.cid).version
        assert store.put([B1], if_versions={A.checked.cid: version, Cid.of(b"?"): 0}).outcomes == [NEW]
        assert store.snapshot(A.checked.cid).version == version
        store.put([A1])
        with pytest.raises(VersionMoved):
            store.put([data(B, B1, 2)], if_versions={A.checked.cid: version})

    def test_of_writers_that_race_one_wins(self, store: EventStore) -> None:
        store.put([A])
        version = store.snapshot(A.checked.cid).version
        won: list[int] = []
        lost: list[int] = []
        barrier = Barrier(8)

        def write(number: int) -> None:
            barrier.wait()
            try:
                store.put([data(A, A, f"writer {number}")], if_versions={A.checked.cid: version})
            except VersionMoved:
                lost.append(number)
            else:
                won.append(number)

        _run_all([Thread(target=write, args=[number]) for number in range(8)])
        assert (len(won), len(lost)) == (1, 7)
        assert len(store.snapshot(A.checked.cid).events) == 2

    def test_who_follows_the_feed_while_others_write_misses_nothing(self, store: EventStore) -> None:
        logs = [[init(number), *chain_of(init(number), 30)] for number in range(4)]
        writers = [Thread(target=_put_one_by_one, args=[store, log]) for log in logs]
        for writer in writers:
            writer.start()
        seen: list[Cid] = []
        changed: dict[Cid, int] = {}
        at, version = 0, 0
        deadline = monotonic() + 60
        while len(seen) < 4 * 31 and monotonic() < deadline:
            for item in store.feed(at, 7).entries:
                assert item.position > at
                at = item.position
                seen.append(item.checked.cid)
            for stream, number in store.changed(version, 3):
                changed[stream] = version = number
        for writer in writers:
            writer.join()
        assert seen == cids(feed_of(store))
        changed.update(store.changed(version, 10))
        assert changed == {log[0].checked.cid: store.snapshot(log[0].checked.cid).version for log in logs}

    def test_each_stream_that_has_changed_is_named_once(self, store: EventStore) -> None:
        store.put([A, B])
        store.put([A1])
        store.put([A2, A3])
        stream_a, stream_b = A.checked.cid, B.checked.cid
        versions = {stream: store.snapshot(stream).version for stream in (stream_a, stream_b)}
        assert store.changed(0, 10) == [(stream_b, versions[stream_b]), (stream_a, versions[stream_a])]
        assert store.changed(0, 1) == [(stream_b, versions[stream_b])]
        assert store.changed(versions[stream_b], 10) == [(stream_a, versions[stream_a])]
        assert store.changed(versions[stream_a], 10) == []
        assert store.head() == StoreHead(5, versions[stream_a])
        waiting = data(init("c"), init("c"), 1)
        store.put([waiting])
        assert [stream for stream, _ in store.changed(versions[stream_a], 10)] == [waiting.checked.stream]

    def test_many_changes_of_few_streams(self, store: EventStore) -> None:
        for event in (A, *chain_of(A, 400)):
            store.put([event])
        assert store.changed(0, 10) == [(A.checked.cid, store.head().version)]

    def test_streams_are_found_by_what_their_init_events_say(self, store: EventStore) -> None:
        definition, tile = model("definition"), init("tile", BOB, None)
        c, d = init("c", ALICE, POST), init("d", BOB, NOTE)
        store.put([definition, A, tile, c, d, B, A1])
        store.put([data(init("e"), init("e"), 1)])
        everything = [definition, A, tile, c, d, B]
        for wanted, fitting in (
            (StreamFilter(), everything),
            (StreamFilter(stream_type=MODEL), [definition]),
            (StreamFilter(model=METAMODEL), [definition]),
            (StreamFilter(stream_type=TILE), [tile]),
            (StreamFilter(stream_type=MODEL_INSTANCE), [A, c, d, B]),
            (StreamFilter(model=NOTE), [A, d]),
            (StreamFilter(controller=BOB), [tile, d, B]),
            (StreamFilter(MODEL_INSTANCE, POST, ALICE), [c]),
            (StreamFilter(controller=BOB.upper()), []),
            (StreamFilter(MODEL, NOTE), []),
        ):
            for limit in (1, 2, 10):
                assert streams_found(store, wanted, limit) == [event.checked.cid for event in fitting]

    def test_new_streams_are_found_at_the_end(self, store: EventStore) -> None:
        store.put([A, B])
        first = store.find(StreamFilter(), 0, 2)
        store.put([A1, init("c")])
        more = store.find(StreamFilter(), first[-1].position, 2)
        assert [entry.facts.stream for entry in more] == [init("c").checked.cid]

    def test_what_is_told_of_a_stream(self, store: EventStore) -> None:
        context = StreamId.of(MODEL_INSTANCE, Cid.of(b"context"))
        made = init(None, BOB, NOTE, unique=b"me", context=bytes(context))
        store.put([A, made])
        entry = store.entry(made.checked.cid)
        assert entry is not None
        assert entry == store.find(StreamFilter(), 1, 1)[0]
        assert entry.facts == store.feed(1, 1).entries[0].facts
        assert (entry.position, entry.version) == (2, store.snapshot(made.checked.cid).version)
        facts = entry.facts
        assert facts.stream_id == StreamId.of(MODEL_INSTANCE, made.checked.cid)
        assert (facts.controller, facts.model, facts.unique) == (BOB, NOTE, b"me")
        assert (facts.sep_key, facts.context) == ("model", bytes(context))
        key = EventId.of(MAINNET, NOTE, BOB, made.checked.cid, made.checked.cid)
        assert facts.event_id(made.checked.cid, MAINNET) == key
        store.put([data(made, made, 1)])
        later = store.entry(made.checked.cid)
        assert later is not None
        assert later.version > entry.version

    @pytest.mark.parametrize("limit", [-1, 0, MAX_STORE_PAGE + 1])
    def test_pages_have_a_size(self, store: EventStore, limit: int) -> None:
        for ask in (store.feed, store.changed):
            with pytest.raises(UsageError, match="page"):
                ask(0, limit)
        with pytest.raises(UsageError, match="page"):
            store.find(StreamFilter(), 0, limit)

    def test_whoever_begins_now_gets_what_comes_from_now_on(self, store: EventStore) -> None:
        store.put([A, A1])
        head = store.head()
        assert (store.feed(head.position, 10).entries, store.changed(head.version, 10)) == ([], [])
        store.put([A2])
        assert cids(store.feed(head.position, 10).entries) == [A2.checked.cid]
        assert changes_of(store, head.version) == [A.checked.cid]


def _put_one_by_one(store: EventStore, events: list[NewEvent]) -> None:
    # Children first in pairs, so that there is something to wait for.
    for start in range(0, len(events), 2):
        for event in reversed(events[start : start + 2]):
            store.put([event])


def _run_all(threads: list[Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
