"""The port to a store of events, on which the lifecycle of streams and the node stand.

A store keeps events as they came, with what their own checks said of them. It judges nothing: whether an
event stands within its stream follows from `history.evaluate` over a snapshot. What it does keep is order,
and that nothing happens by halves:

* **Sets.** The events of a stream form a set that grows by `put`; of two reports on one event the better
  informed one stays. In which order and how often events are put leaves no trace in it.
* **Versions.** What is known of a stream has a number that grows with every change to that set: an event that
  is new, or that more is known of. All streams draw from one counter, so no two of them ever have the same
  version, and the highest one that a reader has seen tells where it left off (`changed`).
* **Delivery.** The feed has every event once, an init event as soon as it is put and another one as soon as
  its prev is there *and of the same stream*, whichever came first. So each stream is in order there, init
  event first. What waits is in the set of its stream, and found by its CID.
* **Positions** of the feed grow and are never used twice. There may be gaps, but none that is filled later:
  whoever has seen a position has missed none before it. The same holds for versions.
* **Time events of old** don't name their stream (`CheckedEvent.stream` is None). They are in no stream's set
  until they are delivered; from then on they are of the stream of their prev, and are handed out so.
* **Times.** The feed has the time at which each entry came into it, by the clock of the store. It never goes
  back, even if the clock does.
* **Pruning.** The bytes of a stream's events can be given up (`prune`), with the payloads in the reports on
  them. All else stays as it was: sets, versions, delivery, positions and times. An event that is put again
  comes back with its bytes, and more is known of it then. This is the one way in which less is known.
* **Bounds.** Events that wait are limited in number. One beyond that isn't kept, and `put` says so.

Calls may come from several threads at once, and each one is atomic: it sees what was there at one moment,
and what `put` has returned from is there for every call that begins later, after a crash too if the store
is one that lasts. One process at a time adds to a store;
others may read it meanwhile.

What else a node keeps (keys of Recon, peers, interests, chain proofs, states) has ports of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.limits import MAX_STORE_PAGE
from ceramic_protocol.stored import (
    FeedFilter,
    FeedPage,
    Grounds,
    NewEvent,
    Pruned,
    PutResult,
    StoredEvent,
    StoreHead,
    StreamEntry,
    StreamFilter,
    StreamSnapshot,
)

ANY_VERSION: Final[Mapping[Cid, int]] = MappingProxyType({})
"""Nothing is asked of what streams are like."""


class VersionMoved(CeramicError):
    """A stream has changed since it was read; nothing was put. Read it again, and decide again."""

    code = "version_moved"

    def __init__(self, stream: Cid, expected: int, version: int) -> None:
        super().__init__(f"stream {stream} is at version {version}, not {expected}")
        self.stream = stream
        self.expected = expected
        self.version = version


class EventReader(Protocol):
    """What a store of events tells; the module says what all of its calls promise together.

    Every call raises `OutsideError` if the disk or database fails, and `StoreCorruption` if what is kept
    makes no sense.
    """

    def event(self, cid: Cid) -> StoredEvent | None:
        """One event, delivered or waiting, with the bytes of the copy that is best informed."""
        ...

    def streams_of(self, cids: Collection[bytes]) -> dict[bytes, Cid]:
        """To which streams events belong, for as many of them as are there and in a stream.

        `evaluate` asks this as `foreign`, of what `unresolved` names.
        """
        ...

    def reports(self, cids: Collection[Cid]) -> dict[Cid, CheckedEvent]:
        """What is known of events that were delivered, for as many of them as there are."""
        ...

    def snapshot(self, stream: Cid, since: int = 0) -> StreamSnapshot:
        """What is known of a stream, by the CID of its init event, whether or not that is there.

        Args:
            stream: which one.
            since: a version that was read before. Only events that have come or been delivered since then, or
                of which more is known, are told; this costs as much as there are of them. 0: all events.
        """
        ...

    def snapshots(self, streams: Mapping[Cid, int], limit: int) -> dict[Cid, StreamSnapshot]:
        """What is known of streams, each since a version as in `snapshot`, all at one moment.

        Only so many streams are told that their events together are no more than `limit`.
        """
        ...

    def entry(self, stream: Cid) -> StreamEntry | None:
        """A stream's facts and version, without its events; None unless its init event is there."""
        ...

    def find(self, wanted: StreamFilter, after: int, limit: int) -> list[StreamEntry]:
        """A page of the streams that fit, in the order in which they came, by `StreamEntry.position`.

        Streams whose init event is refused are among them. A page that is shorter than `limit` is the last
        one for now; new streams come at the end.

        Args:
            wanted: which ones.
            after: position of the last one of the page before; 0 for the first page.
            limit: how many at most, from 1 to `MAX_STORE_PAGE`.

        Raises:
            UsageError: the limit is out of range.
        """
        ...

    def feed(
        self, after: int, limit: int, *, wanted: FeedFilter | None = None, with_cars: bool = False
    ) -> FeedPage:
        """A page of the events that were delivered, in order, with what is known of them now.

        Where few events fit, a call looks at a bounded number of them, and the next one goes on from there.

        Args:
            after: position up to which the feed was read, `looked_to` of the page before; 0 to begin with.
            limit: how many at most, from 1 to `MAX_STORE_PAGE`.
            wanted: which ones; all of them if None.
            with_cars: whether their bytes come along.

        Raises:
            UsageError: the limit is out of range.
        """
        ...

    def position_at(self, time: int) -> int:
        """After which position the feed has what came into it at or after a time, in unix milliseconds."""
        ...

    def changed(self, after: int, limit: int) -> list[tuple[Cid, int]]:
        """A page of the streams that have changed, with their versions, in the order of these.

        A stream is named once, by the latest change. So whoever follows the pages has to evaluate each stream
        once, however many events came in between, and learns too of what the feed doesn't repeat: that more
        is known of an event. Streams whose init event isn't there are among them.

        Args:
            after: the highest version that was seen; 0 to begin with.
            limit: how many at most, from 1 to `MAX_STORE_PAGE`. A shorter page is the last one for now.

        Raises:
            UsageError: the limit is out of range.
        """
        ...

    def head(self) -> StoreHead:
        """Where feed and changes end now: whoever begins there gets what comes from now on."""
        ...


class EventStore(EventReader, Protocol):
    """A store of events, for whoever adds to it."""

    def grounds(self, events: Collection[CheckedEvent]) -> Grounds:
        """What is there of what events build on, told quickly to whoever is about to put them."""
        ...

    def put(self, events: Sequence[NewEvent], *, if_versions: Mapping[Cid, int] = ANY_VERSION) -> PutResult:
        """Keep events, all of them or, if it fails, none.

        An event may come before its prev, within the batch and across batches, and several times. Events
        whose prevs are there are delivered in the order of the batch, each followed by what waited for it.

        Args:
            events: what to keep, in any number that fits into memory; about a thousand at once is quick.
            if_versions: streams, by the CIDs of their init events, and the versions at which they have to be:
                those that were read when it was decided what to put. They need not have events in the batch.

        Raises:
            VersionMoved: a stream isn't at the version that it has to be at.
        """
        ...

    def prune(self, streams: Mapping[Cid, int], before: int, limit: int, *, is_trial: bool = False) -> Pruned:
        """Give up the bytes of streams' events, as one transaction.

        Left out are streams that have changed since they were read, of which an event waits, in which an
        event came, or came back, at that time or later, and of which all has been given up already.

        Args:
            streams: which ones, by the CIDs of their init events, with the versions that were read.
            before: unix milliseconds.
            limit: how many events at most, at least 1; of a longer stream the first ones.
            is_trial: whether to change nothing and tell what would go, however much that is.
        """
        ...


def check_limit(limit: int) -> None:
    """Refuse a page of no size, or of too large a one.

    Raises:
        UsageError: the limit is out of range.
    """
    if not 1 <= limit <= MAX_STORE_PAGE:
        raise UsageError(f"a page of {limit} entries; ask for 1 to {MAX_STORE_PAGE}")
