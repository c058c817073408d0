"""Giving up, piece by piece, the bytes of streams that no interest covers any more.

What stays as it is: streams that an interest covers, all models, documents that covered ones refer to, those
of which an event waits or is pending, those that the states don't have yet or could not judge, those on which
time has yet to act, and whatever is younger than the retention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ceramic_node.states.port import StateStore
from ceramic_node.states.records import StreamRow
from ceramic_node.wanted.related import RelatedStreams
from ceramic_node.wanted.wish import is_needed_by_all
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_PRUNE_PAGE, MAX_PRUNED_EVENTS
from ceramic_protocol.ports import Clock
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.stored import StreamEntry, StreamFilter

_SECOND: Final = 1000


class Tally(NamedTuple):
    """What has gone: so many streams to the end, so many events, so many bytes."""

    streams: int = 0
    events: int = 0
    bytes: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Pruner:
    """Prunes a store, a round at a time. Not for several threads at once."""

    def __init__(
        self,
        events: EventStore,
        states: StateStore,
        related: RelatedStreams,
        clock: Clock,
        retention: int | None,
    ) -> None:
        """Say what.

        Args:
            events: the store.
            states: what follows from it.
            related: what is to be held, and what this refers to; read on at the beginning of each round.
            clock: tells the age of events, which counts from when they came into the feed.
            retention: after how many seconds streams go of which nothing has come since; None: never.
        """
        self._events: Final = events
        self._states: Final = states
        self._wish: Final = related.wish
        self._related: Final = related
        self._clock: Final = clock
        self._retention: Final = retention

    def steps(self, *, is_trial: bool = False) -> Iterator[Tally]:
        """A round, in steps between which others may write. Each is one short transaction, or only reads.

        What a round has done lasts, wherever it ends; the next one begins anew and finds the rest.

        Args:
            is_trial: whether to change nothing and tell what would go.

        Raises:
            OutsideError: a store fails.
            StoreCorruption: a store makes no sense.
        """
        if self._wish.is_everything:
            return
        while self._related.read_on():
            yield Tally()
        if self._retention is None:
            return
        before = self._clock.now() - self._retention * _SECOND
        after, is_more = 0, True
        while is_more:
            page = self._events.find(StreamFilter(), after, MAX_PRUNE_PAGE)
            yield from self._prune(self._due(page), before, is_trial=is_trial)
            is_more = len(page) == MAX_PRUNE_PAGE
            after = page[-1].position if page else after

    def _prune(self, due: dict[Cid, int], before: int, *, is_trial: bool) -> Iterator[Tally]:
        while True:
            found = self._events.prune(due, before, MAX_PRUNED_EVENTS, is_trial=is_trial)
            yield Tally(len(found.streams), found.events, found.bytes)
            if is_trial or found.events < MAX_PRUNED_EVENTS:
                return
            for stream in found.streams:
                del due[stream]

    def _due(self, page: Sequence[StreamEntry]) -> dict[Cid, int]:
        """Streams that nobody wants and on which nothing hangs, with their versions."""
        found = {entry.facts.stream: entry.version for entry in page if not self._is_wanted(entry)}
        rows = self._states.streams(found.keys())
        return {
            stream: version
            for stream, version in found.items()
            if _is_settled(rows.get(stream), version) and not self._states.waits(stream)
        }

    def _is_wanted(self, entry: StreamEntry) -> bool:
        facts = entry.facts
        return self._wish.covers(facts) or is_needed_by_all(facts) or facts.stream in self._related


def _is_settled(row: StreamRow | None, version: int) -> bool:
    return row is not None and row.version == version and row.failed is None and row.turns_at is None
