"""Taking a stream's events from elsewhere, and what that changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction, correction
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.history import unresolved
from ceramic_protocol.ids import StreamId
from ceramic_protocol.lifecycle.looking import Looker
from ceramic_protocol.lifecycle.remote import RemoteStreams
from ceramic_protocol.lifecycle.state import StateAt, state_at_tip
from ceramic_protocol.limits import MAX_BATCH_EVENTS, MAX_SYNCED_BYTES, MAX_SYNCED_EVENTS
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.stored import NewEvent, PutOutcome, stream_of
from ceramic_protocol.verify import Verifier


class Refused(NamedTuple):
    """Bytes that were not kept: the event as far as it could be read, and what is wrong with it."""

    car: bytes
    cid: Cid | None
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of a sync.

    Attributes:
        state: the stream at its tip now; None if it has no valid init event.
        came: events that are new, whatever they are worth within the stream.
        better: events of which more is known now.
        refused: what was not kept, as it is no event or is rejected by itself.
        strays: events of other streams, which were not kept either.
        missing: events that others build on, and that the other side hasn't got either.
        is_whole: False if not all was taken, as there was more than the limits allow.
        correction: how the canonical log changed; None if the tip is where it was.
    """

    state: StateAt | None
    came: tuple[Cid, ...]
    better: tuple[Cid, ...]
    refused: tuple[Refused, ...] = field(repr=False)
    strays: tuple[Cid, ...]
    missing: frozenset[Cid]
    is_whole: bool
    correction: Correction | None


def sync_stream(looker: Looker, verifier: Verifier, stream: StreamId, remote: RemoteStreams) -> Synced:
    """Take over what somebody has of a stream, then ask for what is still missing in between.

    Events that are rejected by themselves are not kept. Those that don't stand within the stream are, as that
    can change: an anchor may come that proves that a capability was used in time.

    Raises:
        OutsideError: the other side can't be asked. What came until then is kept, so that a sync can be
            tried again.
    """
    before = looker.look(stream.cid).live.history()
    intake = _Intake(looker, verifier, stream.cid)
    intake.take(remote.stream(stream))
    missing = intake.take_missing(remote)
    look = looker.look(stream.cid)
    after = look.live.history()
    return Synced(
        state=state_at_tip(after, look.version),
        came=tuple(intake.came),
        better=tuple(intake.better),
        refused=tuple(intake.refused),
        strays=tuple(intake.strays),
        missing=frozenset(missing),
        is_whole=intake.is_whole,
        correction=correction(before, after),
    )


class _Intake:
    """Checks and keeps what comes, in batches, up to the limits."""

    def __init__(self, looker: Looker, verifier: Verifier, stream: Cid) -> None:
        self._store = looker.store
        self._verifier = verifier
        self._stream = stream
        self._events_left = MAX_SYNCED_EVENTS
        self._bytes_left = MAX_SYNCED_BYTES
        self.came: dict[Cid, None] = {}
        self.better: dict[Cid, None] = {}
        self.refused: list[Refused] = []
        self.strays: list[Cid] = []
        self._nameless: list[tuple[Cid, Cid | None]] = []
        self.is_whole = True

    def take(self, cars: Iterable[bytes]) -> None:
        batch: list[bytes] = []
        for car in self._within_limits(cars):
            batch.append(car)
            if len(batch) == MAX_BATCH_EVENTS:
                self._keep(batch)
                batch = []
        self._keep(batch)

    def take_missing(self, remote: RemoteStreams) -> set[Cid]:
        """Ask for what events build on and isn't there, as long as that leads on; gives what is missing."""
        asked: set[Cid] = set()
        while self.is_whole:
            missing = self._missing()
            wanted = sorted(missing - asked)
            if not wanted:
                return missing
            asked.update(wanted)
            self.take(car for cid in wanted if (car := remote.event(cid)) is not None)
        return self._missing()

    def _missing(self) -> set[Cid]:
        events = self._store.snapshot(self._stream).events.values()
        links = [(event.cid, event.prev) for event in events]
        wanted = unresolved(self._stream, [*links, *self._nameless])
        return {Cid(cid) for cid in wanted - self._store.streams_of(wanted).keys()}

    def _within_limits(self, cars: Iterable[bytes]) -> Iterator[bytes]:
        for car in cars:
            self._events_left -= 1
            self._bytes_left -= len(car)
            if self._events_left < 0 or self._bytes_left < 0:
                self.is_whole = False
                return
            yield car

    def _keep(self, cars: list[bytes]) -> None:
        items = [RawEvent(car, None, "sync", 0) for car in cars]
        found = zip(cars, self._verifier.check_all(items), strict=True)
        events = [event for car, checked in found if (event := self._sorted_out(car, checked)) is not None]
        outcomes = self._store.put(events).outcomes
        for event, outcome in zip(events, outcomes, strict=True):
            cid = event.checked.cid
            if outcome is PutOutcome.NEW:
                self.came[cid] = None
            elif outcome is PutOutcome.BETTER and cid not in self.came:
                self.better[cid] = None
            elif outcome is PutOutcome.NO_ROOM:
                self.is_whole = False

    def _sorted_out(self, car: bytes, checked: CheckedEvent | InvalidEvent) -> NewEvent | None:
        if isinstance(checked, InvalidEvent):
            self.refused.append(Refused(car, checked.cid, checked.reason, checked.detail))
            return None
        if stream_of(checked) not in {None, self._stream}:
            self.strays.append(checked.cid)
            return None
        if checked.reason is not None and checked.outcome is Outcome.REJECTED:
            self.refused.append(Refused(car, checked.cid, checked.reason, checked.detail or ""))
            return None
        if stream_of(checked) is None:
            self._nameless.append((checked.cid, checked.prev))
        return NewEvent(car, checked)
