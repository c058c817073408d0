"""What a node keeps beside events, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from ceramic_protocol.errors import UsageError
from ceramic_protocol.interests import Interest, PeerId
from ceramic_protocol.limits import MAX_INTERESTS, MAX_PEER_ADDRESS_CHARS, MAX_PEER_ADDRESSES, MAX_PEERS
from ceramic_protocol.node_ports import KnownPeer
from ceramic_protocol.ports import Transaction


def check_interest(interest: Interest) -> None:
    """Refuse what is no interest.

    Raises:
        UsageError: it is a fencepost.
    """
    if interest.is_fencepost:
        raise UsageError(f"{interest} only bounds a range of interests")


def check_addresses(addresses: Sequence[str]) -> None:
    """Refuse what can't be remembered of a peer.

    Raises:
        UsageError: too many addresses, or too long ones.
    """
    if len(addresses) > MAX_PEER_ADDRESSES or any(len(each) > MAX_PEER_ADDRESS_CHARS for each in addresses):
        raise UsageError(f"at most {MAX_PEER_ADDRESSES} addresses of {MAX_PEER_ADDRESS_CHARS} characters")


class MemoryInterests:
    """`Interests` that last as long as the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[Interest, PeerId] = {}

    def add(self, interest: Interest) -> bool:
        """See `Interests`."""
        check_interest(interest)
        parts = interest.parts
        with self._lock:
            if interest in self._kept or parts is None:
                return False
            if len(self._kept) >= MAX_INTERESTS:
                raise UsageError(f"no more than {MAX_INTERESTS} interests are kept")
            self._kept[interest] = parts.peer
            return True

    def list(self, peer: PeerId | None = None) -> list[Interest]:
        """See `Interests`."""
        with self._lock:
            return sorted(interest for interest, whose in self._kept.items() if peer in {None, whose})


class MemoryPeers:
    """`Peers` that last as long as the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[PeerId, KnownPeer] = {}

    def add(self, peer: PeerId, addresses: Sequence[str], seen: int) -> None:
        """See `Peers`."""
        check_addresses(addresses)
        with self._lock:
            known = self._known.get(peer)
            if known is None or known.seen <= seen:
                self._known[peer] = KnownPeer(peer, tuple(addresses), seen)
            while len(self._known) > MAX_PEERS:
                del self._known[min(self._known.values(), key=_oldest).id]

    def list(self) -> list[KnownPeer]:
        """See `Peers`."""
        with self._lock:
            return sorted(self._known.values(), key=_oldest, reverse=True)


class MemoryChainProofs:
    """`ChainProofs` that last as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bytes], Transaction] = {}

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | None:
        """See `ChainProofs`."""
        return self._kept.get((chain_id, tx_hash))

    def add(self, chain_id: str, tx_hash: bytes, transaction: Transaction) -> None:
        """See `ChainProofs`."""
        self._kept[chain_id, tx_hash] = transaction


def _oldest(peer: KnownPeer) -> tuple[int, PeerId]:
    return peer.seen, peer.id
