"""One batch of events, sorted by whether they are wanted: its order makes no difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ceramic_node.intake_answers import Answer, MissingPrev, Submitted
from ceramic_node.wanted.held import HeldEvents
from ceramic_node.wanted.related import RelatedStreams
from ceramic_node.wanted.wish import is_needed_by_all
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import NewEvent, StreamFacts, is_init, stream_of


class Offered(NamedTuple):
    """An event whose own checks don't refuse it, its place in the batch, and whether interests apply."""

    place: int
    event: NewEvent
    is_filtered: bool


class Sorted(NamedTuple):
    """What becomes of a batch.

    `answers` are those for events that aren't to be kept, by place. `released` are events of former batches
    that have been waiting for what this one brings, and are to be kept after it.
    """

    answers: Mapping[int, Answer]
    released: Sequence[NewEvent]


class Sorting:
    """One batch, which is sorted once."""

    def __init__(
        self,
        events: EventReader,
        related: RelatedStreams,
        held: HeldEvents,
        batch: Sequence[Offered],
    ) -> None:
        self._events = events
        self._wish = related.wish
        self._related = related
        self._held = held
        self._batch = batch
        self._reports = {offered.event.checked.cid: offered.event.checked for offered in batch}
        self._facts: dict[Cid, StreamFacts | None] = {
            cid: StreamFacts.of(report) for cid, report in self._reports.items() if is_init(report)
        }
        self._homes: dict[Cid, Cid | None] = {}
        self._needed = self._ancestors()
        self._answers: dict[int, Answer] = {}
        self._released: list[NewEvent] = []

    def sort_out(self) -> Sorted:
        """What becomes of it."""
        # What the batch itself says counts before any of it is decided, so that its order is all the same.
        for offered in self._batch:
            self._note(offered.event.checked)
        for place, event, is_filtered in self._batch:
            answer = self._answer(event) if is_filtered else None
            if answer is not None:
                self._answers[place] = answer
        for place, event, _is_filtered in self._batch:
            answer = self._answers.get(place)
            if not isinstance(answer, MissingPrev):
                self._let_go(event.checked.cid, is_kept=answer is None)
        return Sorted(self._answers, self._released)

    def _ancestors(self) -> set[Cid]:
        """What the events of writers build on, as far as it is in the batch: they were let in for it."""
        found: set[Cid] = set()
        waiting = [offered.event.checked for offered in self._batch if not offered.is_filtered]
        while waiting:
            report = waiting.pop()
            for cid in {report.prev, stream_of(report)} - {None}:
                if cid is not None and cid in self._reports and cid not in found:
                    found.add(cid)
                    waiting.append(self._reports[cid])
        return found

    def _note(self, report: CheckedEvent) -> None:
        facts = self._facts_of(self._home(report))
        if facts is not None and self._wish.covers(facts):
            self._related.note(facts, report.payload)

    def _answer(self, event: NewEvent) -> Answer | None:
        """Why an event isn't kept; None if it is."""
        report = event.checked
        if report.cid in self._needed:
            return None
        stream = self._home(report)
        if stream is None:
            # A time event of old, which doesn't say of which stream it is.
            if report.prev is None:
                return None
            self._held.add(event, report.prev)
            return MissingPrev(report.cid, report.prev, is_init=False)
        if self._wish.names(stream):
            return None
        facts = self._facts_of(stream)
        if facts is None:
            self._held.add(event, stream)
            return MissingPrev(report.cid, stream, is_init=True)
        if self._is_wanted(facts) or self._is_there(report.cid):
            return None
        return Submitted(report.cid, None, None, is_unwanted=True)

    def _is_wanted(self, facts: StreamFacts) -> bool:
        return self._wish.covers(facts) or is_needed_by_all(facts) or facts.stream in self._related

    def _is_there(self, cid: Cid) -> bool:
        """Whether it is kept already, with its bytes: then it does no harm to learn more of it."""
        stored = self._events.event(cid)
        return stored is not None and not stored.is_pruned

    def _let_go(self, cid: Cid, *, is_kept: bool) -> None:
        """Take those along that waited for an event, and those that waited for these."""
        waiting = [(event, is_kept) for event in self._held.take(cid)]
        while waiting:
            event, is_kept = waiting.pop(0)
            report = event.checked
            self._reports.setdefault(report.cid, report)
            if is_kept:
                self._note(report)
                answer = self._answer(event)
                if isinstance(answer, MissingPrev):
                    continue  # held again, for something else
                is_kept = answer is None
            if is_kept:
                self._released.append(event)
            waiting += [(later, is_kept) for later in self._held.take(report.cid)]

    def _facts_of(self, stream: Cid | None) -> StreamFacts | None:
        if stream is None:
            return None
        if stream not in self._facts:
            entry = self._events.entry(stream)
            self._facts[stream] = None if entry is None else entry.facts
        return self._facts[stream]

    def _home(self, report: CheckedEvent) -> Cid | None:
        """The stream of an event, by what it builds on if it doesn't say."""
        chain: list[Cid] = []
        found: CheckedEvent | None = report
        stream: Cid | None = None
        while found is not None:
            stream = self._homes.get(found.cid) or stream_of(found)
            if stream is not None or found.prev is None:
                break
            chain.append(found.cid)
            prev = found.prev
            found = self._reports.get(prev)
            if found is None:
                stream = self._events.streams_of([prev]).get(prev)
        self._homes.update(dict.fromkeys(chain, stream))
        return stream
