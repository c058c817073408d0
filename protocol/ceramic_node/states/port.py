"""The port to a store of states: all that follows from a node's events, which can be made anew from them.

One follower writes, anybody reads, from any thread. What is written in one transaction is seen at once or not
at all, and its numbers are larger than all before: whoever has seen a number has missed none below it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from ceramic_node.states.delta import Delta
from ceramic_node.states.records import (
    Awaited,
    Backlog,
    EventRow,
    StateChange,
    StateHead,
    StreamRow,
    StreamStateRow,
)
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction
from ceramic_protocol.ids import StreamId


class StateWriter(Protocol):
    """A transaction of the only writer, who sees what it has written."""

    @property
    def head(self) -> StateHead:
        """How far the store has come, with this transaction."""
        ...

    def draw(self) -> int:
        """A number for a row: one that was never drawn before."""
        ...

    def stream(self, stream: Cid) -> StreamRow | None:
        """What is kept of a stream."""
        ...

    def events(self, wanted: Mapping[Cid, Cid]) -> dict[Cid, EventRow]:
        """What is kept of events, each by its stream, for as many of them as are there."""
        ...

    def read_ahead(self, streams: Collection[Cid], events: Mapping[Cid, Cid]) -> None:
        """Say which streams and events are going to be asked for, so that they can be read at once."""
        ...

    def is_awaited(self) -> bool:
        """Whether there may be anything that was noted for an event, or woken and not taken yet."""
        ...

    def put_stream(self, row: StreamRow) -> None:
        """Keep a stream, in the place of what was kept of it."""
        ...

    def put_events(self, rows: Iterable[EventRow]) -> None:
        """Keep events of streams that are kept, in the place of what was kept of them."""
        ...

    def add_change(self, stream: Cid, correction: Correction) -> None:
        """Put a change at the end of the feed of changes; the stream is kept already."""
        ...

    def move_to(self, *, version: int | None = None, at: int | None = None, rules: str | None = None) -> None:
        """Note how far the follower has come, and by which rules; what isn't named stays."""
        ...

    def need(self, stream: Cid, targets: Iterable[Cid]) -> None:
        """Note that a stream's verdicts wait for events, or hang on models, until these are woken."""
        ...

    def wake(self, target: Cid, model: StreamId | None = None) -> bool:
        """Let those noted for an event be judged again, and all documents of a model if one is named.

        Returns:
            Whether there are any that are noted for the event.
        """
        ...

    def take_woken(self, limit: int) -> list[Awaited]:
        """Streams that are to be judged again, and are taken for judged with this transaction.

        Those woken by different events come in turn, so that many that wait for one don't hold up few.
        """
        ...

    def due(self, at: int, limit: int) -> list[Cid]:
        """Streams whose `turns_at` isn't later than a unix millisecond, the earliest first."""
        ...

    def defer(self, stream: Cid) -> None:
        """Note that a stream is to be judged when there is time for it."""
        ...

    def settle(self, stream: Cid) -> None:
        """Note that this has been done."""
        ...

    def deferred(self) -> list[Cid]:
        """The streams for which it hasn't, in the order in which they were noted; there are few of them."""
        ...

    def clear(self) -> None:
        """Forget all but the numbers, which go on."""
        ...


class StateStore(Protocol):
    """A store of states. Every call raises `OutsideError` if the disk or database fails.

    Pages have at most `limit` entries, from 1 to `MAX_STORE_PAGE`; with another one they raise `UsageError`.
    A shorter page is the last one for now.
    """

    def writing(self) -> AbstractContextManager[StateWriter]:
        """A transaction: all that is written within is kept, or nothing if it ends with an exception."""
        ...

    def head(self) -> StateHead:
        """How far the store has come."""
        ...

    def stream(self, stream: Cid) -> StreamStateRow | None:
        """A stream and the event at its tip; None if nothing is known of it."""
        ...

    def event(self, cid: Cid, stream: Cid) -> EventRow | None:
        """An event of a stream, whatever it is worth; None if it hasn't been judged there."""
        ...

    def events(self, wanted: Mapping[Cid, Cid]) -> dict[Cid, EventRow]:
        """Events, each by its stream, for as many of them as have been judged there."""
        ...

    def streams(self, streams: Collection[Cid]) -> dict[Cid, StreamRow]:
        """Streams, for as many of them as are known."""
        ...

    def changes(self, after: int, limit: int) -> list[StateChange]:
        """A page of tips that moved, in the order in which they did, from behind a position on."""
        ...

    def event_page(self, after: int, limit: int) -> list[tuple[EventRow, StreamRow]]:
        """A page of events with their streams, by `EventRow.number`; only those that stand in tables.

        An event is there once, with the number of its latest change.
        """
        ...

    def stream_page(self, after: int, limit: int) -> list[StreamStateRow]:
        """A page of streams that have a tip, by `StreamRow.number`."""
        ...

    def delta(self, after: int, limit: int) -> Delta:
        """What has changed behind a number, about `limit` changes at most; see `Delta`."""
        ...

    def valid_events(self, stream: Cid) -> list[EventRow]:
        """The valid events of a stream by height and CID, without their states."""
        ...

    def waits(self, stream: Cid) -> bool:
        """Whether an event of a stream is pending, for another reason than that bytes were pruned."""
        ...

    def count(self, what: Backlog) -> int:
        """How much of something there is to be done yet, or that failed."""
        ...

    def failed(self, after: int, limit: int) -> list[StreamRow]:
        """A page of the streams that could not be judged, by `StreamRow.number`."""
        ...

    def close(self) -> None:
        """Close it; a second time does nothing."""
        ...
