"""The store of events that lasts: one SQLite file in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from ceramic_node.store.sqlite.backup import restore
from ceramic_node.store.sqlite.database import Synchronous
from ceramic_node.store.sqlite.errors import StoreInUse, StoreTooNew
from ceramic_node.store.sqlite.findings import Finding
from ceramic_node.store.sqlite.store import SqliteStore
from ceramic_protocol.limits import MAX_WAITING_EVENTS
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Clock

__all__ = ["Finding", "SqliteStore", "StoreInUse", "StoreTooNew", "open_store", "restore"]


def open_store(
    folder: Path,
    *,
    clock: Clock,
    synchronous: Synchronous = "NORMAL",
    network: Network | None = None,
    max_waiting: int = MAX_WAITING_EVENTS,
) -> SqliteStore:
    """Open the store in a folder, or make one.

    Args:
        folder: where it is, by itself; made if it isn't there.
        clock: what tells when events come.
        synchronous: whether what was put survives the end of the process, or a power failure as well.
        network: whose events it keeps; None: those of the network it was made for, or in memory if it is new.
        max_waiting: how many events may wait for others.

    Raises:
        StoreInUse: another process has it open.
        StoreTooNew: a later release has written it.
        StoreCorruption: it is damaged.
        UsageError: it is of another network, or the file is another program's.
        OutsideError: the folder can't be used.
    """
    return SqliteStore(folder, clock=clock, synchronous=synchronous, network=network, max_waiting=max_waiting)
