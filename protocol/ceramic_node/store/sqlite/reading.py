"""What a store of events in a SQLite file tells."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from ceramic_node.store.sqlite import feed, listing, snapshots
from ceramic_node.store.sqlite.backup import FILE_NAME, back_up
from ceramic_node.store.sqlite.capabilities import KnownCapabilities
from ceramic_node.store.sqlite.identity import epoch_of, network_of
from ceramic_node.store.sqlite.readers import Readers
from ceramic_node.store.sqlite.streams import NO_NUMBERS, Homes
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.networks import Network
from ceramic_protocol.store_port import check_limit
from ceramic_protocol.stored import (
    FeedFilter,
    FeedPage,
    StoredEvent,
    StoreHead,
    StreamEntry,
    StreamFilter,
    StreamSnapshot,
)


class SqliteReader:
    """An `EventReader` of a file that others may add to meanwhile, from this process or another one.

    Attributes:
        network: the network that the store was made for.
        epoch: changes when positions and versions begin anew: those of another epoch mean nothing here.
    """

    def __init__(self, readers: Readers, network: Network, epoch: str) -> None:
        """See `open_reader`."""
        self._readers: Final = readers
        self.network: Final = network
        self.epoch: Final = epoch
        self._reader: Final = feed.Reader(Homes(), KnownCapabilities())
        # Of the streams that were last told of as changed: whoever follows asks for these next.
        self._numbers: Mapping[Cid, int] = NO_NUMBERS

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._readers.close()

    def event(self, cid: Cid) -> StoredEvent | None:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return snapshots.event_of(db, self._reader.capabilities, cid)

    def streams_of(self, cids: Collection[bytes]) -> dict[bytes, Cid]:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return snapshots.streams_of(db, cids)

    def reports(self, cids: Collection[Cid]) -> dict[Cid, CheckedEvent]:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return snapshots.reports_of(db, self._reader.capabilities, cids, self._numbers)

    def snapshot(self, stream: Cid, since: int = 0) -> StreamSnapshot:
        """See `EventReader`."""
        return self.snapshots({stream: since}, sys.maxsize - 1)[stream]

    def snapshots(self, streams: Mapping[Cid, int], limit: int) -> dict[Cid, StreamSnapshot]:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return snapshots.snapshots(db, self._reader.capabilities, streams, limit, self._numbers)

    def entry(self, stream: Cid) -> StreamEntry | None:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return listing.entry_of(db, stream)

    def find(self, wanted: StreamFilter, after: int, limit: int) -> list[StreamEntry]:
        """See `EventReader`."""
        check_limit(limit)
        with self._readers.reading() as db:
            return listing.find(db, wanted, after, limit)

    def feed(
        self, after: int, limit: int, *, wanted: FeedFilter | None = None, with_cars: bool = False
    ) -> FeedPage:
        """See `EventReader`."""
        check_limit(limit)
        with self._readers.reading() as db:
            if wanted is None or wanted == FeedFilter():
                return self._reader.page(db, after, limit, with_cars=with_cars)
            return self._reader.filtered(db, after, limit, wanted, with_cars=with_cars)

    def position_at(self, time: int) -> int:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return feed.position_at(db, time)

    def changed(self, after: int, limit: int) -> list[tuple[Cid, int]]:
        """See `EventReader`."""
        check_limit(limit)
        with self._readers.reading() as db:
            found = listing.changed(db, after, limit)
        self._numbers = {stream: number for stream, _version, number in found}
        return [(stream, version) for stream, version, _number in found]

    def head(self) -> StoreHead:
        """See `EventReader`."""
        with self._readers.reading() as db:
            return listing.head(db)

    def backup(self, path: Path) -> StoreHead:
        """Write a copy of the store as it is now to a file, while reading and writing go on, anywhere.

        Returns:
            How far the store has come in the copy: all that was acknowledged before this call is in it.

        Raises:
            UsageError: the file is there already.
            OutsideError: it can't be written; nothing is left of it.
        """
        with self._readers.reading() as db:
            # Read first: with that the moment is settled which the copy is of.
            head = listing.head(db)
            back_up(db, path)
            return head


def open_reader(folder: Path) -> SqliteReader:
    """Read the store in a folder that is open elsewhere.

    Raises:
        StoreCorruption: it is damaged.
        OutsideError: there is none, or it can't be used.
    """
    readers = Readers(folder / FILE_NAME)
    with readers.reading() as db:
        return SqliteReader(readers, network_of(db), epoch_of(db))
