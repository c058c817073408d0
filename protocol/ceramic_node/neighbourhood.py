"""A node among others: who it is to them, what it wants of them, and whom it knows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ceramic_node.store.memory_tables import MemoryInterests
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.interests import PeerId
from ceramic_protocol.node_ports import Interests

_KEY_BYTES = 32


class DialRefused(CeramicError):
    """The node doesn't connect to addresses that it is given like this."""

    code = "dial_refused"


class ConnectedPeer(NamedTuple):
    """A peer, and the multiaddrs at which it is."""

    peer: PeerId
    addresses: tuple[str, ...]


class Connections(Protocol):
    """A node's connections to its peers."""

    def connected(self) -> Sequence[ConnectedPeer]:
        """Those with whom there is a connection."""
        ...

    async def connect(self, peer: PeerId, addresses: Sequence[str]) -> None:
        """Connect to a peer at one of its multiaddrs, which come from whoever may write to the node.

        Raises:
            DialRefused: the node doesn't dial these.
            OutsideError: it dialled, and there is no connection.
        """
        ...


class NoPeers:
    """The `Connections` of a node that keeps to itself."""

    def connected(self) -> Sequence[ConnectedPeer]:
        """See `Connections`."""
        return ()

    async def connect(self, peer: PeerId, addresses: Sequence[str]) -> None:
        """See `Connections`."""
        del addresses
        raise DialRefused(f"this node does not dial {peer}: it connects to no peers")


def passing_peer_id() -> PeerId:
    """A PeerId for a node that has no key of its own: nobody can prove to be it."""
    return PeerId.of_ed25519(secrets.token_bytes(_KEY_BYTES))


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What a node has to do with other ones."""

    peer_id: PeerId = field(default_factory=passing_peer_id)
    interests: Interests = field(default_factory=MemoryInterests)
    peers: Connections = field(default_factory=NoPeers)
