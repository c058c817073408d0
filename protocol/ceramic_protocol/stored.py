"""What goes into an event store and comes out of it, as values (see `store_port`)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError, StoreCorruption
from ceramic_protocol.event_ids import MODEL_SEPARATOR, EventId
from ceramic_protocol.events import InitEvent, InitHeader, decode_payload
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import StreamId
from ceramic_protocol.networks import Network


class NewEvent(NamedTuple):
    """An event to be kept: the bytes as they came, and what its own checks said of them.

    `facts` are those of an init event, where somebody has read them out of it already.
    """

    car: bytes
    checked: CheckedEvent
    facts: StreamFacts | None = None


class Grounds(NamedTuple):
    """What is there of what events build on: their streams, as far as these have begun, and their prevs."""

    facts: dict[Cid, StreamFacts]
    prevs: set[bytes]


class PutOutcome(StrEnum):
    """What became of an event that was put into a store."""

    NEW = "new"
    """It wasn't there, and is now."""

    KNOWN = "known"
    """It was there, and nothing was to be learned from this copy."""

    BETTER = "better"
    """It was there, and this copy and its verdict took the place of what was known, see `better_report`."""

    NO_ROOM = "no_room"
    """It waits for others, as too many do already. It was not kept; put it again when its prev is there."""


class PutResult(NamedTuple):
    """What a batch did to a store.

    `outcomes` are those of its events, in order. `versions` are the new ones of all streams that it changed,
    in the order of these.
    """

    outcomes: list[PutOutcome]
    versions: dict[Cid, int]


class StreamFacts(NamedTuple):
    """What a stream's init event fixes for good, whatever that event is worth.

    `controller` is the first one, empty if none is named. `sep_key` is the separator key of its EventIDs.
    """

    stream_id: StreamId
    controller: str
    model: StreamId | None
    sep_key: str = MODEL_SEPARATOR
    unique: bytes | None = None
    context: bytes | None = None

    @classmethod
    def of(cls, init: CheckedEvent) -> StreamFacts:
        """The facts in an init event.

        Raises:
            StoreCorruption: it is none.
        """
        return cls.of_header(init.cid, _decode_init(init).header)

    @classmethod
    def of_header(cls, init: Cid, header: InitHeader) -> StreamFacts:
        """The facts in the header of the init event with that CID."""
        sep_key = header.fields.get("sep")
        return cls(
            StreamId.of(header.stream_type, init),
            header.controller,
            header.model,
            sep_key if isinstance(sep_key, str) else MODEL_SEPARATOR,
            header.unique,
            header.context,
        )

    @property
    def stream(self) -> Cid:
        """CID of the init event."""
        return self.stream_id.cid

    def event_id(self, cid: Cid, network: Network) -> EventId:
        """The key under which Recon keeps an event of the stream; see `event_ids.event_id_of`.

        Raises:
            IdentifierError: the stream has no model or no controller.
        """
        if self.model is None or not self.controller:
            raise IdentifierError("only an event of a stream with model and controller has an EventID")
        return EventId.of(network, self.model, self.controller, self.stream, cid, sep_key=self.sep_key)


def _decode_init(init: CheckedEvent) -> InitEvent:
    try:
        value = dagcbor.decode(init.payload)
        event = decode_payload(init.cid, value, init.payload, None) if isinstance(value, dict) else None
    except DecodeError as error:
        raise StoreCorruption(f"payload of init event {init.cid}: {error}") from None
    if not isinstance(event, InitEvent):
        raise StoreCorruption(f"{init.cid} is no init event")
    return event


class StreamEntry(NamedTuple):
    """A stream whose init event is there: its facts, and where it stands in the store.

    `position` is the feed's for the init event, and so the cursor for lists of streams; `version` is that of
    `StreamSnapshot`.
    """

    facts: StreamFacts
    position: int
    version: int


class EventPlace(NamedTuple):
    """Position of an event in the feed, None while it waits, and the version since which it is as it is."""

    position: int | None
    version: int


class StreamSnapshot(NamedTuple):
    """What is known of a stream at one moment: all of it, or what has changed since a version.

    `version` is that of the stream now; without any event it is 0. `is_pruned` says that the bytes of some of
    its events aren't there any more, whether or not these are among `events`.
    `places` has where each of the events is.
    """

    stream: Cid
    version: int
    events: Mapping[Cid, CheckedEvent]
    is_pruned: bool = False
    places: Mapping[Cid, EventPlace] = MappingProxyType({})

    @property
    def known(self) -> EventSet:
        """The events as `evaluate` takes them; a set of its own, which may be added to."""
        return EventSet(dict(self.events))


class StoredEvent(NamedTuple):
    """An event as it is kept. `position` is the feed's, None while it waits for its prev or init event.

    `car` is empty if it was pruned.
    """

    car: bytes
    checked: CheckedEvent
    position: int | None

    @property
    def is_pruned(self) -> bool:
        """Whether its bytes aren't there any more."""
        return not self.car


class Pruned(NamedTuple):
    """What pruning has removed: the bytes of so many events, so many bytes in all.

    `streams` are those of which nothing is left to be pruned, `unfinished` those that were begun.
    """

    streams: list[Cid]
    unfinished: list[Cid]
    events: int
    bytes: int


class Delivered(NamedTuple):
    """An entry of the feed. `car` is None unless it was asked for, and empty if it was pruned.

    `received` is when it came into the feed, in unix milliseconds: with its own arrival, or with that of what
    it waited for. It never falls from one entry to the next.
    """

    position: int
    checked: CheckedEvent
    facts: StreamFacts
    car: bytes | None
    received: int


class FeedPage(NamedTuple):
    """Entries of the feed in order, and the position up to which they are all that there was to be found.

    `looked_to` is where to go on, and is passed on even if nothing was found. The feed has been read to its
    end, for now, when it is no larger than the position after which the page was asked for.
    """

    entries: list[Delivered]
    looked_to: int


class FeedFilter(NamedTuple):
    """Which entries of the feed are meant: those that fit all members that aren't None.

    `stream` is the CID of the init event, `controller` is compared letter by letter with the first one of the
    init header, and `kinds` are the kinds of event of which it may be any.
    """

    model: StreamId | None = None
    stream: Cid | None = None
    controller: str | None = None
    kinds: frozenset[Kind] | None = None

    def fits(self, entry: Delivered) -> bool:
        """Whether an entry is meant."""
        return self.fits_stream(entry.facts) and (self.kinds is None or entry.checked.kind in self.kinds)

    def fits_stream(self, facts: StreamFacts) -> bool:
        """Whether entries of a stream may be meant."""
        return (
            self.stream in {None, facts.stream}
            and self.model in {None, facts.model}
            and self.controller in {None, facts.controller}
        )


class StreamFilter(NamedTuple):
    """Which streams are meant: those that fit all members that aren't None.

    `controller` is compared letter by letter with the first controller of the init header.
    """

    stream_type: int | None = None
    model: StreamId | None = None
    controller: str | None = None

    def fits(self, facts: StreamFacts) -> bool:
        """Whether a stream is meant."""
        return (
            self.stream_type in {None, facts.stream_id.stream_type}
            and self.model in {None, facts.model}
            and self.controller in {None, facts.controller}
        )


class StoreHead(NamedTuple):
    """The last number of each kind that a store has given out; 0 if none."""

    position: int
    version: int


def stream_of(event: CheckedEvent) -> Cid | None:
    """The stream that an event names as its own; None for time events of old that don't."""
    return event.stream


def home_of(event: CheckedEvent) -> Cid:
    """The stream that a delivered event belongs to.

    Raises:
        StoreCorruption: it says of none.
    """
    stream = stream_of(event)
    if stream is None:
        raise StoreCorruption(f"event {event.cid} was delivered and belongs to no stream")
    return stream


def better_report(known: CheckedEvent, other: CheckedEvent) -> CheckedEvent | None:
    """The other report on the same event if it tells more than what is known, see `EventSet`; else None.

    An event that doesn't name its stream keeps the one that it was found to belong to. A payload that was
    pruned comes back with any copy that has it.
    """
    if stream_of(other) is None:
        other = other._replace(stream=known.stream)
    best = EventSet.of((known, other)).events[known.cid]
    if known.is_hollow and other.payload:
        return best._replace(payload=other.payload)
    return None if best is known else best


def is_init(event: CheckedEvent) -> bool:
    """Whether a stream begins with the event."""
    return event.kind is Kind.INIT
