"""Whose store a file is: its network, and a name that no other store has."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

from ceramic_protocol.errors import StoreCorruption, UsageError
from ceramic_protocol.networks import IN_MEMORY, Network

_EPOCH_BYTES: Final = 16
_SET: Final = "INSERT OR REPLACE INTO meta VALUES (?, ?)"


def settle_network(db: sqlite3.Connection, network: Network | None) -> Network:
    """The network of a store; it is settled when the store is made.

    Raises:
        UsageError: the store is of another network than this one.
        StoreCorruption: the store is of no network.
    """
    if _get(db, "network") is None:
        settled = network or IN_MEMORY
        db.execute(_SET, ("network", settled.id))
        renew_epoch(db)
        return settled
    known = network_of(db)
    if network not in {None, known}:
        raise UsageError(f"the store is of network {known}, not {network}")
    return known


def network_of(db: sqlite3.Connection) -> Network:
    """The network of a store.

    Raises:
        StoreCorruption: it is of none.
    """
    known = _get(db, "network")
    if not isinstance(known, int):
        raise StoreCorruption("the store says of no network that it is its own")
    return Network(known)


def epoch_of(db: sqlite3.Connection) -> str:
    """See `SqliteStore.epoch`.

    Raises:
        StoreCorruption: there is none.
    """
    found = _get(db, "epoch")
    if not isinstance(found, str):
        raise StoreCorruption("the store has lost its epoch")
    return found


def renew_epoch(db: sqlite3.Connection) -> None:
    """Begin a new epoch: positions and versions of before mean nothing any more."""
    db.execute(_SET, ("epoch", secrets.token_hex(_EPOCH_BYTES)))


def _get(db: sqlite3.Connection, name: str) -> object:
    found = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if found is None else found[0]
