"""The store of events in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ceramic_connectors.outside import outside
from ceramic_node.store.planning import plan_batch
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.check import check
from ceramic_node.store.sqlite.check_recon import kept_keys
from ceramic_node.store.sqlite.database import Database, Synchronous
from ceramic_node.store.sqlite.findings import Finding
from ceramic_node.store.sqlite.grounds import grounds_of
from ceramic_node.store.sqlite.identity import epoch_of, settle_network
from ceramic_node.store.sqlite.known import KnownEvents
from ceramic_node.store.sqlite.lock import FolderLock
from ceramic_node.store.sqlite.pruning import prune, would_prune
from ceramic_node.store.sqlite.reading import SqliteReader
from ceramic_node.store.sqlite.recon_events import ReconEvents
from ceramic_node.store.sqlite.recon_file import RECON_FILE, ReconFile
from ceramic_node.store.sqlite.recon_keys import SqliteReconKeys
from ceramic_node.store.sqlite.recon_upkeep import ReconUpkeep
from ceramic_node.store.sqlite.streams import rows_of
from ceramic_node.store.sqlite.tables import SqliteChainProofs, SqliteInterests, SqlitePeers
from ceramic_node.store.sqlite.writing import BatchWriter, Counters, Kept
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_WAITING_EVENTS
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Clock
from ceramic_protocol.store_port import ANY_VERSION, VersionMoved
from ceramic_protocol.stored import Grounds, NewEvent, Pruned, PutResult, StoreHead

_COUNTERS: Final = (
    "SELECT coalesce((SELECT max(position) FROM event), 0), coalesce((SELECT max(version) FROM change), 0),"
    " coalesce((SELECT max(id) FROM stream), 0),"
    " coalesce((SELECT received FROM event ORDER BY position DESC LIMIT 1), 0),"
    " (SELECT count(*) FROM waiting)"
)


class SqliteStore(SqliteReader):
    """An `EventStore` that lasts, for one process and any number of its threads. A context manager.

    Attributes:
        recon: the keys of what was delivered.
        interests: interests in ranges of such keys.
        peers: other nodes.
        proofs: transactions of chains.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        synchronous: Synchronous = "NORMAL",
        network: Network | None = None,
        max_waiting: int = MAX_WAITING_EVENTS,
    ) -> None:
        """See `open_store`."""
        with outside(f"use the store in {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._max_waiting = max_waiting
        self._guard = FolderLock(folder)
        try:
            self._database = Database(folder / FILE_NAME, synchronous)
        except BaseException:
            self._guard.release()
            raise
        try:
            with self._database.writing() as db:
                super().__init__(self._database, settle_network(db, network), epoch_of(db))
                self._counters = Counters(*db.execute(_COUNTERS).fetchone())
            self._upkeep = self._keys_in(folder)
        except BaseException:
            self._release()
            raise
        self._kept = Kept()
        self.recon: Final = SqliteReconKeys(self._upkeep)
        self.interests: Final = SqliteInterests(self._database)
        self.peers: Final = SqlitePeers(self._database)
        self.proofs: Final = SqliteChainProofs(self._database)

    def _keys_in(self, folder: Path) -> ReconUpkeep:
        head = StoreHead(self._counters.position, self._counters.version)
        file = ReconFile(folder / RECON_FILE, self.epoch, head)
        return ReconUpkeep(file, self._database, ReconEvents(self._reader.homes, self.network), head)

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it and let others open it; a second time does nothing."""
        self._upkeep.close()
        self._release()

    def _release(self) -> None:
        self._database.close()
        self._guard.release()

    def grounds(self, events: Collection[CheckedEvent]) -> Grounds:
        """See `EventStore`."""
        with self._database.preparing() as db:
            return grounds_of(db, self._reader.homes, events)

    def put(self, events: Sequence[NewEvent], *, if_versions: Mapping[Cid, int] = ANY_VERSION) -> PutResult:
        """See `EventStore`."""
        with self._database.lock:
            drawn = replace(self._counters)
            try:
                with self._database.writing() as db:
                    result, writer = self._put(db, events, if_versions, drawn)
            except BaseException:
                self._kept.clear()
                raise
            self._counters = drawn
            writer.remember()
            self._upkeep.note(StoreHead(drawn.position, drawn.version))
            return result

    def _put(
        self,
        db: sqlite3.Connection,
        events: Sequence[NewEvent],
        if_versions: Mapping[Cid, int],
        counters: Counters,
    ) -> tuple[PutResult, BatchWriter]:
        _expect(db, if_versions)
        homes, capabilities = self._reader
        known = KnownEvents(db, capabilities, events, counters.waiting, self._max_waiting)
        plan = plan_batch(events, known)
        writer = BatchWriter(db, self._kept, homes, known, plan, counters)
        return PutResult(plan.outcomes, writer.write(self._clock.now())), writer

    def prune(self, streams: Mapping[Cid, int], before: int, limit: int, *, is_trial: bool = False) -> Pruned:
        """See `EventStore`."""
        if is_trial:
            with self._database.reading() as db:
                return would_prune(db, streams, before)
        with self._database.writing() as db:
            return prune(db, streams, before, limit)

    @property
    def waiting(self) -> int:
        """How many events wait for others."""
        return self._counters.waiting

    def check(self, *, thorough: bool = False) -> list[Finding]:
        """What is wrong with the store, which can be used meanwhile; some seconds for 100,000 events.

        Args:
            thorough: whether to compare SQLite's indexes with its tables as well.
        """
        upkeep = self._upkeep
        with kept_keys(upkeep.path, upkeep.events) as keys, self._database.reading() as db:
            return check(db, self._reader, keys, thorough=thorough)


def _expect(db: sqlite3.Connection, if_versions: Mapping[Cid, int]) -> None:
    if not if_versions:
        return
    rows = rows_of(db, if_versions.keys())
    for stream, expected in if_versions.items():
        row = rows.get(stream)
        version = 0 if row is None else row.version
        if version != expected:
            raise VersionMoved(stream, expected, version)
