"""Ports to what a node keeps beside events: interests, other nodes, and what chains have said.

Calls may come from several threads at once; what one has returned from is there for every later one, and
lasts as long as the store does. Every call raises `OutsideError` and `StoreCorruption` as a store does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ceramic_protocol.interests import Interest, PeerId
from ceramic_protocol.ports import Transaction


class Interests(Protocol):
    """Which ranges of EventIDs nodes want to hold."""

    def add(self, interest: Interest) -> bool:
        """Keep an interest; says whether it is a new one.

        Raises:
            UsageError: it is a fencepost, or there are `MAX_INTERESTS` already.
        """
        ...

    def list(self, peer: PeerId | None = None) -> list[Interest]:
        """All of them, or those of one peer, in order."""
        ...


class KnownPeer(NamedTuple):
    """A node, the addresses under which it was met last, and when that was, in unix milliseconds."""

    id: PeerId
    addresses: tuple[str, ...]
    seen: int


class Peers(Protocol):
    """Other nodes that were met."""

    def add(self, peer: PeerId, addresses: Sequence[str], seen: int) -> None:
        """Remember a node. The latest that is known of it is kept, and the latest `MAX_PEERS` nodes.

        Args:
            peer: its id.
            addresses: multiaddresses under which it can be reached.
            seen: when, in unix milliseconds.

        Raises:
            UsageError: there are too many addresses, or one is too long.
        """
        ...

    def list(self) -> list[KnownPeer]:
        """All of them, those that were seen last first."""
        ...


class ChainProofs(Protocol):
    """Transactions that chains have settled, and which won't change any more."""

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | None:
        """A transaction of a CAIP-2 chain, by its hash; None if it isn't kept."""
        ...

    def add(self, chain_id: str, tx_hash: bytes, transaction: Transaction) -> None:
        """Keep a settled transaction."""
        ...
