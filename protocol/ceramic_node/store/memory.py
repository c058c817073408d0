"""A store of events in memory: for tests, for networks of one process, and to show what the port means."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from threading import Lock

from ceramic_node.clock import SystemClock
from ceramic_node.store.changes import Changes
from ceramic_node.store.memory_pruning import PrunedStreams
from ceramic_node.store.memory_recon import MemoryReconKeys
from ceramic_node.store.planning import BatchPlan, plan_batch
from ceramic_node.store.waiting import WaitingRoom
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_FEED_LOOK, MAX_WAITING_EVENTS
from ceramic_protocol.networks import IN_MEMORY, Network
from ceramic_protocol.ports import Clock
from ceramic_protocol.store_port import ANY_VERSION, VersionMoved, check_limit
from ceramic_protocol.stored import (
    Delivered,
    EventPlace,
    FeedFilter,
    FeedPage,
    Grounds,
    NewEvent,
    Pruned,
    PutResult,
    StoredEvent,
    StoreHead,
    StreamEntry,
    StreamFacts,
    StreamFilter,
    StreamSnapshot,
    home_of,
    stream_of,
)


class _State:
    """What a store holds; the answers that planning asks for. Not for several threads."""

    def __init__(self, max_waiting: int, network: Network) -> None:
        self._max_waiting = max_waiting
        self._network = network
        self.recon = MemoryReconKeys()
        self.waiting = WaitingRoom()
        self.changes = Changes()
        self.events: dict[Cid, StoredEvent] = {}
        self.sets: dict[Cid, dict[Cid, CheckedEvent]] = {}
        self.facts: dict[Cid, StreamFacts] = {}
        # CIDs in the order of positions, which begin with 1, and the positions of init events.
        self.feed: list[Cid] = []
        self.begun: list[int] = []
        # When each entry came into the feed, and the versions since which events are as they are.
        self.times: list[int] = []
        self.since: dict[Cid, int] = {}
        self.pruned = PrunedStreams()

    def report(self, cid: Cid) -> CheckedEvent | None:
        stored = self.events.get(cid)
        return None if stored is None else stored.checked

    def delivered_in(self, cid: Cid) -> Cid | None:
        stored = self.events.get(cid)
        return None if stored is None or stored.position is None else stream_of(stored.checked)

    def waiting_for(self, cid: Cid) -> Iterable[CheckedEvent]:
        return self.waiting.waiting_for(cid)

    def is_pruned(self, cid: Cid) -> bool:
        stored = self.events.get(cid)
        return stored is not None and stored.is_pruned

    def room(self) -> int:
        return self._max_waiting - len(self.waiting)

    def keep(self, plan: BatchPlan, now: int) -> dict[Cid, int]:
        # A dict, which keeps the order in which streams are met.
        touched: dict[Cid, None] = {}
        self.facts.update(plan.facts)
        for cid, event in (*plan.kept.items(), *plan.better.items()):
            known = self.events.get(cid)
            if known is not None and known.is_pruned:
                self.pruned.restored(home_of(known.checked), max([now, *self.times[-1:]]))
            self.events[cid] = StoredEvent(
                event.car, event.checked, None if known is None else known.position
            )
            self._note(event.checked, touched)
            if known is None and cid not in plan.placed:
                self.waiting.add(event.checked)
        for cid, stream in plan.placed.items():
            self._deliver(cid, stream, touched)
        self.times += [max([now, *self.times[-1:]])] * len(plan.placed)
        versions = self.changes.note(touched)
        for cid in (*plan.kept, *plan.better, *plan.placed):
            self._finish(cid, versions)
        return versions

    def _finish(self, cid: Cid, versions: Mapping[Cid, int]) -> None:
        _car, checked, position = self.events[cid]
        stream = stream_of(checked)
        if stream is not None:
            self.since[cid] = versions[stream]
        if stream is not None and position is not None:
            self.recon.keep(self.facts[stream], checked, self._network)

    def _note(self, event: CheckedEvent, touched: dict[Cid, None]) -> None:
        stream = stream_of(event)
        if stream is not None:
            self.sets.setdefault(stream, {})[event.cid] = event
            touched[stream] = None

    def _deliver(self, cid: Cid, stream: Cid, touched: dict[Cid, None]) -> None:
        car, checked, _position = self.events[cid]
        self.waiting.discard(checked)
        if stream_of(checked) is None:
            checked = checked._replace(stream=stream)
            self._note(checked, touched)
        self.feed.append(cid)
        self.events[cid] = StoredEvent(car, checked, len(self.feed))
        if cid == stream:
            self.begun.append(len(self.feed))

    def prune(self, streams: Mapping[Cid, int], before: int, limit: int, *, is_trial: bool) -> Pruned:
        done, unfinished = list[Cid](), list[Cid]()
        events = size = 0
        for stream, version in streams.items():
            if not is_trial and events == limit:
                break
            if not self._is_due(stream, version, before):
                continue
            whole = [cid for cid in self._in_order(stream) if not self.events[cid].is_pruned]
            gone = whole if is_trial else whole[: limit - events]
            events += len(gone)
            size += sum(len(self.events[cid].car) for cid in gone)
            (done if len(gone) == len(whole) else unfinished).append(stream)
            if not is_trial:
                self._empty(stream, gone)
                self.pruned.gone(stream, len(gone), version if len(gone) == len(whole) else 0)
        return Pruned(done, unfinished, events, size)

    def _in_order(self, stream: Cid) -> list[Cid]:
        return sorted(self.sets[stream], key=lambda cid: self.events[cid].position or 0)

    def _is_due(self, stream: Cid, version: int, before: int) -> bool:
        if self.changes.version(stream) != version or stream not in self.facts:
            return False
        positions = [self.events[cid].position for cid in self.sets[stream]]
        latest = max((position for position in positions if position is not None), default=0)
        return (
            None not in positions
            and self.times[latest - 1] < before
            and self.pruned.is_due(stream, version, before)
        )

    def _empty(self, stream: Cid, cids: Iterable[Cid]) -> None:
        for cid in cids:
            stored = self.events[cid]
            checked = stored.checked._replace(payload=b"")
            self.events[cid] = StoredEvent(b"", checked, stored.position)
            self.sets[stream][cid] = checked

    def snapshot(self, stream: Cid, since: int) -> StreamSnapshot:
        events = self.sets.get(stream, {})
        told = {cid: event for cid, event in events.items() if self.since[cid] > since}
        places = {cid: EventPlace(self.events[cid].position, self.since[cid]) for cid in told}
        return StreamSnapshot(
            stream, self.changes.version(stream), told, self.pruned.is_pruned(stream), places
        )

    def entry(self, stream: Cid) -> StreamEntry | None:
        facts = self.facts.get(stream)
        position = None if facts is None else self.events[stream].position
        if facts is None or position is None:
            return None
        return StreamEntry(facts, position, self.changes.version(stream))

    def delivered(self, index: int, *, with_cars: bool) -> Delivered:
        car, checked, _position = self.events[self.feed[index]]
        facts = self.facts[home_of(checked)]
        return Delivered(index + 1, checked, facts, car if with_cars else None, self.times[index])


class MemoryStore:
    """An `EventStore` that lasts as long as its process."""

    def __init__(
        self,
        *,
        max_waiting: int = MAX_WAITING_EVENTS,
        clock: Clock | None = None,
        network: Network = IN_MEMORY,
    ) -> None:
        """Make an empty store of a network, in which so many events may wait for others."""
        self._lock = Lock()
        self._clock = clock or SystemClock()
        self._state = _State(max_waiting, network)

    @property
    def recon(self) -> MemoryReconKeys:
        """The keys of what was delivered."""
        return self._state.recon

    def grounds(self, events: Collection[CheckedEvent]) -> Grounds:
        """See `EventStore`."""
        with self._lock:
            facts, found = self._state.facts, self._state.events
            streams = {stream_of(event) for event in events}
            prevs = {event.prev for event in events} & found.keys()
            return Grounds(
                {stream: facts[stream] for stream in streams if stream in facts},
                {prev for prev in prevs if prev is not None and stream_of(found[prev].checked) is not None},
            )

    def put(self, events: Sequence[NewEvent], *, if_versions: Mapping[Cid, int] = ANY_VERSION) -> PutResult:
        """See `EventStore`."""
        with self._lock:
            for stream, expected in if_versions.items():
                version = self._state.changes.version(stream)
                if version != expected:
                    raise VersionMoved(stream, expected, version)
            plan = plan_batch(events, self._state)
            return PutResult(plan.outcomes, self._state.keep(plan, self._clock.now()))

    def prune(self, streams: Mapping[Cid, int], before: int, limit: int, *, is_trial: bool = False) -> Pruned:
        """See `EventStore`."""
        with self._lock:
            return self._state.prune(streams, before, limit, is_trial=is_trial)

    def event(self, cid: Cid) -> StoredEvent | None:
        """See `EventStore`."""
        with self._lock:
            return self._state.events.get(cid)

    def streams_of(self, cids: Collection[bytes]) -> dict[bytes, Cid]:
        """See `EventStore`."""
        with self._lock:
            reports = ((cid, self._state.report(Cid(cid))) for cid in cids)
            named = ((cid, stream_of(report)) for cid, report in reports if report is not None)
            return {cid: stream for cid, stream in named if stream is not None}

    def reports(self, cids: Collection[Cid]) -> dict[Cid, CheckedEvent]:
        """See `EventReader`."""
        with self._lock:
            found = ((cid, self._state.events.get(cid)) for cid in cids)
            return {
                cid: stored.checked
                for cid, stored in found
                if stored is not None and stored.position is not None
            }

    def snapshot(self, stream: Cid, since: int = 0) -> StreamSnapshot:
        """See `EventStore`."""
        with self._lock:
            return self._state.snapshot(stream, since)

    def snapshots(self, streams: Mapping[Cid, int], limit: int) -> dict[Cid, StreamSnapshot]:
        """See `EventReader`."""
        found: dict[Cid, StreamSnapshot] = {}
        with self._lock:
            for stream, since in streams.items():
                snapshot = self._state.snapshot(stream, since)
                limit -= len(snapshot.events)
                if limit < 0:
                    break
                found[stream] = snapshot
        return found

    def entry(self, stream: Cid) -> StreamEntry | None:
        """See `EventStore`."""
        with self._lock:
            return self._state.entry(stream)

    def find(self, wanted: StreamFilter, after: int, limit: int) -> list[StreamEntry]:
        """See `EventStore`."""
        check_limit(limit)
        with self._lock:
            state = self._state
            positions = islice(state.begun, bisect_right(state.begun, after), None)
            entries = (state.entry(state.feed[position - 1]) for position in positions)
            fitting = (entry for entry in entries if entry is not None and wanted.fits(entry.facts))
            return list(islice(fitting, limit))

    def feed(
        self, after: int, limit: int, *, wanted: FeedFilter | None = None, with_cars: bool = False
    ) -> FeedPage:
        """See `EventStore`."""
        check_limit(limit)
        found = []
        with self._lock:
            start, end = max(after, 0), len(self._state.feed)
            for index in range(start, min(end, start + MAX_FEED_LOOK)):
                entry = self._state.delivered(index, with_cars=with_cars)
                if wanted is None or wanted.fits(entry):
                    found.append(entry)
                if len(found) == limit:
                    return FeedPage(found, index + 1)
            return FeedPage(found, max(after, min(end, start + MAX_FEED_LOOK)))

    def position_at(self, time: int) -> int:
        """See `EventStore`."""
        with self._lock:
            return bisect_left(self._state.times, time)

    def changed(self, after: int, limit: int) -> list[tuple[Cid, int]]:
        """See `EventStore`."""
        check_limit(limit)
        with self._lock:
            return self._state.changes.after(after, limit)

    @property
    def waiting(self) -> int:
        """How many events wait for others."""
        with self._lock:
            return len(self._state.waiting)

    def head(self) -> StoreHead:
        """See `EventStore`."""
        with self._lock:
            return StoreHead(len(self._state.feed), self._state.changes.last)
