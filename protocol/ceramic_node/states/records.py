"""What a store of states holds, as values."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple, Self

from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import StreamId
from ceramic_protocol.reasons import Layer, Outcome, Reason


class Dimensions(NamedTuple):
    """What a stream's init header says that stands in every row; `controller` is the first one."""

    stream_type: int
    controller: str
    model: StreamId | None
    context: bytes | None
    unique: bytes | None

    @classmethod
    def of(cls, header: InitHeader) -> Self:
        """Those of a header."""
        controller = storable(header.controller)
        return cls(header.stream_type, controller, header.model, header.context, header.unique)


class EventRow(NamedTuple):
    """An event within its stream: the verdict, and the state after it.

    Attributes:
        number: grows with every change to the row, and is `event_state_order` of the tables.
        cid: the event.
        stream: CID of the init event of its stream.
        kind: what sort of event it is.
        prev: what it builds on.
        position: that in the feed; None unless `is_concluded`.
        height: 0 for the init event; None if unknown.
        reason: why it is refused or has to wait; None if it is valid.
        detail: what exactly.
        data: DAG-JSON of the state after it, as in the tables.
        timestamp: block time of a proven time event, unix seconds.
        chain_id: CAIP-2 id of its chain.
        signer: DID of the key that signed it.
        capability: what it was signed under.
        anchored_at: earliest anchor that covers it, unix seconds.
        is_canonical: whether it is in the canonical log.
        expires_at: without an anchor by then its capability has expired, unix seconds.
    """

    number: int
    cid: Cid
    stream: Cid
    kind: Kind
    prev: Cid | None
    position: int | None
    height: int | None
    reason: Reason | None
    detail: str | None
    data: bytes | None
    timestamp: int | None
    chain_id: str | None
    signer: str | None
    capability: Cid | None
    anchored_at: int | None
    is_canonical: bool
    expires_at: int | None

    @property
    def outcome(self) -> Outcome:
        """The verdict."""
        return Outcome.VALID if self.reason is None else self.reason.outcome

    @property
    def is_concluded(self) -> bool:
        """Whether it stands in the event tables, see `rows.is_concluded`."""
        return self.reason is None or self.reason.layer is Layer.STATE


class StreamRow(NamedTuple):
    """A stream as a whole.

    Attributes:
        number: grows with every change to the stream, and is `stream_tip_order` of the tables.
        stream: CID of the init event.
        version: that of the events in their store from which all of this follows.
        dimensions: None while the init event isn't there.
        tip: the canonical tip; None without a valid init event.
        length: events of the canonical log.
        valid: valid events; more than `length` if the stream has forks.
        first_anchored: first anchor in the canonical log, unix seconds.
        last_anchored: last anchor in the canonical log, unix seconds.
        turns_at: the unix millisecond from which on the time alone may change a verdict.
        failed: why the stream could not be judged; then all else is as it was before.
    """

    number: int
    stream: Cid
    version: int
    dimensions: Dimensions | None = None
    tip: Cid | None = None
    length: int = 0
    valid: int = 0
    first_anchored: int | None = None
    last_anchored: int | None = None
    turns_at: int | None = None
    failed: str | None = None

    @property
    def has_forks(self) -> bool:
        """Whether there are valid events outside of the canonical log."""
        return self.valid > self.length


class StateChange(NamedTuple):
    """A tip that moved. `position` is the feed's of changes: it grows and is never used twice."""

    position: int
    correction: Correction


class StreamStateRow(NamedTuple):
    """A stream and the event at its tip, None if it has no tip."""

    row: StreamRow
    tip: EventRow | None


class Awaited(NamedTuple):
    """A stream that has to be judged again, and the events that it waited for and that have come."""

    stream: Cid
    targets: frozenset[Cid]


class StateHead(NamedTuple):
    """How far a store of states has come.

    Attributes:
        version: up to which the changes of the event store were followed.
        number: the last one that was given to a row or change; none of them is ever given again.
        at: the unix millisecond up to which time has been let pass.
        generation: made at random with the store; numbers of another generation mean nothing.
        rules: the rules that all of it follows from, in words that are compared.
    """

    version: int
    number: int
    at: int
    generation: str
    rules: str


class Backlog(StrEnum):
    """What a follower has yet to do."""

    WOKEN = "woken"
    """Events that others waited for have come, or models have changed."""

    LONG = "long"
    """Streams of very many events that are judged piece by piece."""

    FAILED = "failed"
    """Streams that could not be judged."""


PENDING_REASONS: Final = tuple(
    reason.value
    for reason in Reason
    if reason.outcome is Outcome.PENDING and reason is not Reason.PAYLOAD_PRUNED
)
"""Reasons of events that wait for something that may yet come by itself."""


def storable(text: str) -> str:
    """The text with question marks for what no database takes: halves of surrogate pairs from JSON."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
