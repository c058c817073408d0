"""Events on their way into a node: those that come at the same time are verified and kept together.

While one batch is being written, the next one gathers, so that one transaction serves as many writers as
there are: few of them wait little, and many don't wait for each other's disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ceramic_node.intake_answers import Answer, MissingPrev, Submitted
from ceramic_node.intake_watch import UNWATCHED, IntakeWatcher
from ceramic_node.wanted.events import Offered, WantedEvents
from ceramic_node.writer_check import WriterCheck
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import MAX_INTAKE_BATCH, MAX_INTAKE_BYTES
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Finding, Outcome
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.stored import NewEvent, is_init, stream_of
from ceramic_protocol.verify import Checked, Verifier

__all__ = ["Answer", "Intake", "MissingPrev", "Overloaded", "Stopping", "Submitted"]

_T = TypeVar("_T")


class Overloaded(CeramicError):
    """More events wait to be kept than may; none of these was. Send them again a little later."""

    code = "overloaded"


class Stopping(CeramicError):
    """The node is about to end and takes nothing more in."""

    code = "stopping"


@dataclass(slots=True)
class _Parcel:
    """What one caller hands in."""

    cars: Sequence[bytes]
    needs_prev: bool
    by_interests: bool
    answer: asyncio.Future[list[Answer]]

    @property
    def size(self) -> int:
        return sum(map(len, self.cars))


class Intake:
    """Verifies events and keeps those that aren't refused; used from one event loop.

    Attributes:
        wanted: says which events from elsewhere are kept; without it all are.

    Args:
        store: where they are kept.
        verifier: how they are checked.
        on_kept: called, in another thread, after something was kept.
        watcher: sees what is done.
        writers: says of events that need their prev whether their signers may write; without it all may.
    """

    def __init__(
        self,
        store: EventStore,
        verifier: Verifier,
        on_kept: Callable[[], object],
        watcher: IntakeWatcher = UNWATCHED,
        writers: WriterCheck | None = None,
    ) -> None:
        self._store = store
        self.wanted: WantedEvents | None = None
        self._writers = writers
        self._verifier = verifier
        self._on_kept = on_kept
        self._watcher = watcher
        self._signatures = SignaturePool()
        self._thread = ThreadPoolExecutor(1, "intake")
        self._waiting: deque[_Parcel] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def waiting(self) -> int:
        """Parcels that wait to be kept."""
        return len(self._waiting)

    async def start(self) -> None:
        """Begin to take events in."""
        self._signatures.__enter__()
        self._task = asyncio.create_task(self._run(), name="intake")

    async def stop(self) -> None:
        """Keep what has been handed in, and end."""
        self._is_stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task
            self._signatures.__exit__(None, None, None)
        self._thread.shutdown()

    async def submit(
        self, cars: Sequence[bytes], *, needs_prev: bool = False, by_interests: bool = False
    ) -> list[Answer]:
        """Hand events in; returns when they are verified and kept, or refused.

        Args:
            cars: their CARs.
            needs_prev: refuse those whose stream or prev the node hasn't got, with `MissingPrev`, and those
                whose signers may not write to the stream now; else such events are kept and wait.
            by_interests: keep only what the node wants, as of events that come from elsewhere, see `wanted`.

        Raises:
            Overloaded: there is no room; nothing was kept.
            Stopping: the node ends; nothing was kept.
            OutsideError: the disk failed; nothing was kept.
        """
        parcel = _Parcel(cars, needs_prev, by_interests, asyncio.get_running_loop().create_future())
        if self._is_stopping:
            raise Stopping("the node is stopping")
        if self._waiting and self._bytes + parcel.size > MAX_INTAKE_BYTES:
            self._watcher.overloaded()
            raise Overloaded(f"{self._bytes:,} bytes of events are waiting to be kept; try again in a second")
        self._waiting.append(parcel)
        self._bytes += parcel.size
        self._arrived.set()
        return await parcel.answer

    async def run_alone(self, action: Callable[[], _T]) -> _T:
        """Do something to the store while nothing is being written: between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, action)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_stopping or self._waiting:
            await self._arrived.wait()
            parcels = self._take()
            if not self._waiting and not self._is_stopping:
                self._arrived.clear()
            if not parcels:
                continue
            try:
                answers = await loop.run_in_executor(self._thread, self._keep, parcels)
            except Exception as error:  # noqa: BLE001  # whoever handed it in is told; the next batch may fare better
                _refuse(parcels, error)
            else:
                _answer(parcels, answers)

    def _take(self) -> list[_Parcel]:
        """The parcels of the next batch: at least one, however large."""
        parcels: list[_Parcel] = []
        count = 0
        while self._waiting and (not parcels or count + len(self._waiting[0].cars) <= MAX_INTAKE_BATCH):
            parcels.append(self._waiting.popleft())
            count += len(parcels[-1].cars)
            self._bytes -= parcels[-1].size
        return parcels

    def _keep(self, parcels: Sequence[_Parcel]) -> list[Answer]:
        items = [RawEvent(car, None, "", 0) for parcel in parcels for car in parcel.cars]
        with self._watcher.batch(len(items)):
            answers = self._verify_and_put(parcels, items)
        self._watcher.answered(answers)
        return answers

    def _verify_and_put(self, parcels: Sequence[_Parcel], items: Sequence[RawEvent]) -> list[Answer]:
        checked = self._signatures.verify_batch(items, self._verifier)
        needing = [parcel.needs_prev for parcel in parcels for _car in parcel.cars]
        answers, kept = self._sort_out(checked, needing)
        events = [NewEvent(items[place].car, event) for place, event in kept]
        if self.wanted is not None:
            filtered = [parcel.by_interests for parcel in parcels for _car in parcel.cars]
            kept, events = self._choose(kept, events, filtered, answers)
        with self._watcher.put(len(kept)):
            outcomes = self._store.put(events).outcomes
        # Behind those of the batch come those that it has released, of which nobody asks any more.
        for (place, event), outcome in zip(kept, outcomes, strict=False):
            answers[place] = Submitted(event.cid, outcome, _finding(event))
        if kept:
            self._on_kept()
        return [answer for answer in answers if answer is not None]

    def _choose(
        self,
        kept: Sequence[tuple[int, CheckedEvent]],
        events: Sequence[NewEvent],
        filtered: Sequence[bool],
        answers: list[Answer | None],
    ) -> tuple[list[tuple[int, CheckedEvent]], list[NewEvent]]:
        """Answer what isn't wanted; gives what is to be kept, and behind it what was held back for it."""
        if self.wanted is None:
            return list(kept), list(events)
        offered = [
            Offered(place, event, filtered[place]) for (place, _), event in zip(kept, events, strict=True)
        ]
        unwanted, released = self.wanted.sort_out(offered)
        for place, answer in unwanted.items():
            answers[place] = answer
        left = [item for item in kept if item[0] not in unwanted]
        good = [event for place, event, _ in offered if place not in unwanted]
        return left, [*good, *released]

    def _sort_out(
        self, checked: Sequence[Checked], needing: Sequence[bool]
    ) -> tuple[list[Answer | None], list[tuple[int, CheckedEvent]]]:
        """Answers for what isn't kept, and the events to keep with their places."""
        answers: list[Answer | None] = []
        kept: list[tuple[int, CheckedEvent]] = []
        building = [
            event
            for event, needs_prev in zip(checked, needing, strict=True)
            if needs_prev and isinstance(event, CheckedEvent) and event.prev is not None
        ]
        there = self._there(building)
        inits: dict[Cid, CheckedEvent] = {}
        for place, (event, needs_prev) in enumerate(zip(checked, needing, strict=True)):
            answer: Answer | None = None
            if not isinstance(event, CheckedEvent) or event.outcome is Outcome.REJECTED:
                answer = Submitted(event.cid, None, _finding(event))
            elif needs_prev:
                answer = _missing(event, there) or self._unauthorized(event, inits)
            if answer is None and isinstance(event, CheckedEvent):
                kept.append((place, event))
                there.add(event.cid)
                if is_init(event):
                    inits[event.cid] = event
            answers.append(answer)
        return answers, kept

    def _unauthorized(self, event: CheckedEvent, inits: Mapping[Cid, CheckedEvent]) -> Submitted | None:
        finding = None if self._writers is None else self._writers.finding(event, inits)
        return None if finding is None else Submitted(event.cid, None, finding)

    def _there(self, events: Sequence[CheckedEvent]) -> set[bytes]:
        """What these events build on, as far as it is there."""
        wanted = {cid for event in events for cid in (event.stream, event.prev) if cid is not None}
        return set(self._store.streams_of(wanted)) if wanted else set()


def _missing(event: CheckedEvent, there: set[bytes]) -> MissingPrev | None:
    if event.prev is None:
        return None
    stream = stream_of(event)
    if stream is not None and stream not in there:
        return MissingPrev(event.cid, stream, is_init=True)
    return None if event.prev in there else MissingPrev(event.cid, event.prev, is_init=False)


def _finding(event: Checked) -> Finding | None:
    return None if event.reason is None else Finding(event.reason, event.detail or "")


def _answer(parcels: Sequence[_Parcel], answers: Sequence[Answer]) -> None:
    start = 0
    for parcel in parcels:
        stop = start + len(parcel.cars)
        if not parcel.answer.done():
            parcel.answer.set_result(list(answers[start:stop]))
        start = stop


def _refuse(parcels: Sequence[_Parcel], error: Exception) -> None:
    for parcel in parcels:
        if not parcel.answer.done():
            parcel.answer.set_exception(error)
