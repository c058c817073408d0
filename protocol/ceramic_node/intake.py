"""Events on their way into a node: those that come at the same time are verified and kept together.

While one batch is being written, the next one gathers, so that one transaction serves as many writers as
there are: few of them wait little, and many don't wait for each other's disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from ceramic_node.intake_answers import Answer, MissingPrev, Submitted
from ceramic_node.intake_queue import IntakeQueue, Overloaded, Parcel
from ceramic_node.intake_watch import UNWATCHED, IntakeWatcher
from ceramic_node.short_turns import SHORT_TURNS
from ceramic_node.wanted.events import Offered, WantedEvents
from ceramic_node.writer_check import WriterCheck
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.events import InitEvent
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Finding, Outcome
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.stored import Grounds, NewEvent, StreamFacts, stream_of
from ceramic_protocol.verify import Checked, Inspected, Verifier

__all__ = ["Answer", "Intake", "MissingPrev", "Overloaded", "Stopping", "Submitted"]

_T = TypeVar("_T")


class Stopping(CeramicError):
    """The node is about to end and takes nothing more in."""

    code = "stopping"


class Intake:
    """Verifies events and keeps those that aren't refused; used from one event loop.

    Attributes:
        wanted: says which events from elsewhere are kept; without it all are.

    Args:
        store: where they are kept.
        verifier: how they are checked.
        on_kept: called in the event loop after something was kept.
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
        self._watcher = watcher
        self._signatures = SignaturePool()
        self._on_kept = on_kept
        self._queue = IntakeQueue(self._keep, self._tell)
        self._is_stopping = False

    @property
    def waiting(self) -> int:
        """Parcels that wait to be kept."""
        return self._queue.waiting

    async def start(self) -> None:
        """Begin to take events in."""
        SHORT_TURNS.begin()
        self._signatures.__enter__()
        self._queue.start()

    async def stop(self) -> None:
        """Keep what has been handed in, and end."""
        self._is_stopping = True
        await self._queue.stop()
        self._signatures.__exit__(None, None, None)
        SHORT_TURNS.end()

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
        if self._is_stopping:
            raise Stopping("the node is stopping")
        answer: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        try:
            self._queue.add(Parcel(cars, sum(map(len, cars)), needs_prev, by_interests, answer))
        except Overloaded:
            self._watcher.overloaded()
            raise
        return await answer

    async def run_alone(self, action: Callable[[], _T]) -> _T:
        """Do something to the store while nothing is being written: between two batches."""
        return await self._queue.call(action)

    def _tell(self, answers: Sequence[Answer]) -> None:
        # What was refused is no news to anybody else.
        if any(isinstance(answer, Submitted) and answer.outcome is not None for answer in answers):
            self._on_kept()

    def _keep(self, parcels: Sequence[Parcel]) -> list[Answer]:
        items = [RawEvent(car, None, "", 0) for parcel in parcels for car in parcel.cars]
        with self._watcher.batch(len(items)):
            answers = self._verify_and_put(parcels, items)
        self._watcher.answered(answers)
        return answers

    def _verify_and_put(self, parcels: Sequence[Parcel], items: Sequence[RawEvent]) -> list[Answer]:
        found = self._signatures.inspect_batch(items, self._verifier)
        needing = [parcel.needs_prev for parcel in parcels for _car in parcel.cars]
        answers, kept = self._sort_out(items, found, needing)
        released: Sequence[NewEvent] = ()
        if self.wanted is not None:
            filtered = [parcel.by_interests for parcel in parcels for _car in parcel.cars]
            offered = [Offered(place, event, filtered[place]) for place, event in kept.items()]
            unwanted, released = self.wanted.sort_out(offered)
            for place, answer in unwanted.items():
                answers[place] = answer
                del kept[place]
        with self._watcher.put(len(kept)):
            outcomes = self._store.put([*kept.values(), *released]).outcomes
        # Of what was released nobody asks any more.
        for (place, (_car, event, _facts)), outcome in zip(kept.items(), outcomes, strict=False):
            answers[place] = Submitted(event.cid, outcome, _finding(event))
        return [answer for answer in answers if answer is not None]

    def _sort_out(
        self, items: Sequence[RawEvent], found: Sequence[Inspected], needing: Sequence[bool]
    ) -> tuple[list[Answer | None], dict[int, NewEvent]]:
        """Answers for what isn't kept, and what is to be kept, by its place."""
        answers: list[Answer | None] = []
        kept: dict[int, NewEvent] = {}
        building = [
            event
            for (event, _decoded), needs_prev in zip(found, needing, strict=True)
            if needs_prev and isinstance(event, CheckedEvent) and event.prev is not None
        ]
        facts, there = self._store.grounds(building) if building else Grounds({}, set())
        inits: dict[Cid, CheckedEvent] = {}
        for place, ((event, decoded), needs_prev) in enumerate(zip(found, needing, strict=True)):
            if not isinstance(event, CheckedEvent) or event.outcome is Outcome.REJECTED:
                answers.append(Submitted(event.cid, None, _finding(event)))
                continue
            own: StreamFacts | None = None
            if isinstance(decoded, InitEvent):
                own = StreamFacts.of_header(event.cid, decoded.header)
            answer: Answer | None = None
            if needs_prev:
                answer = _missing(event, facts, there) or self._unauthorized(event, own, facts, inits)
            if answer is None:
                kept[place] = NewEvent(items[place].car, event, own)
                there.add(event.cid)
                if own is not None:
                    facts[event.cid], inits[event.cid] = own, event
            answers.append(answer)
        return answers, kept

    def _unauthorized(
        self,
        event: CheckedEvent,
        own: StreamFacts | None,
        facts: Mapping[Cid, StreamFacts],
        inits: Mapping[Cid, CheckedEvent],
    ) -> Submitted | None:
        stream = stream_of(event)
        known = facts.get(stream) if own is None and stream is not None else own
        finding = None if self._writers is None else self._writers.finding(event, known, inits)
        return None if finding is None else Submitted(event.cid, None, finding)


def _missing(
    event: CheckedEvent, facts: Mapping[Cid, StreamFacts], there: Collection[bytes]
) -> MissingPrev | None:
    if event.prev is None:
        return None
    stream = stream_of(event)
    if stream is not None and stream not in facts:
        return MissingPrev(event.cid, stream, is_init=True)
    return None if event.prev in there else MissingPrev(event.cid, event.prev, is_init=False)


def _finding(event: Checked) -> Finding | None:
    return None if event.reason is None else Finding(event.reason, event.detail or "")
