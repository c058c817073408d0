"""What a node keeps beside events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ceramic_node.store.memory_tables import check_addresses, check_interest
from ceramic_node.store.sqlite.database import Database
from ceramic_protocol.errors import IdentifierError, StoreCorruption, UsageError
from ceramic_protocol.interests import Interest, PeerId
from ceramic_protocol.limits import MAX_INTERESTS, MAX_PEERS
from ceramic_protocol.node_ports import KnownPeer
from ceramic_protocol.ports import Transaction

_PEER: Final = (
    "INSERT INTO peer VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET addresses = excluded.addresses, seen = excluded.seen WHERE excluded.seen >= seen"
)
_FORGET: Final = (
    "DELETE FROM peer WHERE id IN (SELECT id FROM peer ORDER BY seen DESC, id DESC LIMIT -1 OFFSET ?)"
)
_PROOF: Final = (
    'SELECT "to", input, block_number, timestamp, status, block_hash FROM proof'
    " WHERE chain_id = ? AND tx_hash = ?"
)


class SqliteInterests:
    """`Interests` of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, interest: Interest) -> bool:
        """See `Interests`."""
        check_interest(interest)
        parts = interest.parts
        if parts is None:
            return False
        with self._database.writing() as db:
            row = (bytes(interest), bytes(parts.peer))
            if not db.execute("INSERT OR IGNORE INTO interest VALUES (?, ?)", row).rowcount:
                return False
            if db.execute("SELECT count(*) FROM interest").fetchone()[0] > MAX_INTERESTS:
                raise UsageError(f"no more than {MAX_INTERESTS} interests are kept")
            return True

    def list(self, peer: PeerId | None = None) -> list[Interest]:
        """See `Interests`."""
        with self._database.reading() as db:
            whose = None if peer is None else bytes(peer)
            rows = db.execute("SELECT key FROM interest WHERE ?1 IS NULL OR peer = ?1 ORDER BY key", (whose,))
            try:
                return [Interest.from_bytes(key) for (key,) in rows]
            except IdentifierError as error:
                raise StoreCorruption(f"an interest makes no sense: {error}") from None


class SqlitePeers:
    """`Peers` of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, peer: PeerId, addresses: Sequence[str], seen: int) -> None:
        """See `Peers`."""
        check_addresses(addresses)
        with self._database.writing() as db:
            db.execute(_PEER, (bytes(peer), json.dumps(list(addresses)), seen))
            db.execute(_FORGET, (MAX_PEERS,))

    def list(self) -> list[KnownPeer]:
        """See `Peers`."""
        with self._database.reading() as db:
            rows = db.execute("SELECT id, addresses, seen FROM peer ORDER BY seen DESC, id DESC").fetchall()
        return [KnownPeer(PeerId(peer), tuple(json.loads(addresses)), seen) for peer, addresses, seen in rows]


class SqliteChainProofs:
    """`ChainProofs` of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | None:
        """See `ChainProofs`."""
        with self._database.reading() as db:
            row = db.execute(_PROOF, (chain_id, bytes(tx_hash))).fetchone()
        return None if row is None else Transaction(*row)

    def add(self, chain_id: str, tx_hash: bytes, transaction: Transaction) -> None:
        """See `ChainProofs`."""
        sent = transaction
        row = (sent.to, sent.input, sent.block_number, sent.timestamp, sent.status, sent.block_hash)
        with self._database.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO proof VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (chain_id, bytes(tx_hash), *row),
            )
