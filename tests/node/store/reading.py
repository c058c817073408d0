"""Reading a store to its end, page by page."""

from __future__ import annotations

from collections.abc import Iterable

from ceramic_protocol.cid import Cid
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.ports import EventStore
from ceramic_protocol.recon_port import ReconKeys
from ceramic_protocol.stored import Delivered, FeedFilter, StreamFilter


def cids(items: Iterable[Delivered]) -> list[Cid]:
    """The events."""
    return [item.checked.cid for item in items]


def feed_of(store: EventStore, limit: int = 1000, wanted: FeedFilter | None = None) -> list[Delivered]:
    """The whole feed, or what fits."""
    found: list[Delivered] = []
    at = -1
    page = store.feed(0, limit, wanted=wanted)
    while page.looked_to > at:
        found += page.entries
        at = page.looked_to
        page = store.feed(at, limit, wanted=wanted)
    return found


def streams_found(store: EventStore, wanted: StreamFilter, limit: int) -> list[Cid]:
    """All streams that fit."""
    found: list[Cid] = []
    after = 0
    while page := store.find(wanted, after, limit):
        found += [entry.facts.stream for entry in page]
        after = page[-1].position
    return found


def changes_of(store: EventStore, after: int = 0, limit: int = 1000) -> list[Cid]:
    """All streams that have changed."""
    found: list[Cid] = []
    while page := store.changed(after, limit):
        found += [stream for stream, _version in page]
        after = page[-1][1]
    return found


def all_keys(recon: ReconKeys) -> list[EventId]:
    """All keys, of which there are few."""
    return recon.keys(b"", b"\xff", 10_000)
