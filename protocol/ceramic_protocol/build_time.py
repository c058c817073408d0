"""Building time events from an anchor's proof and witness path (events.md 4.1; consensus.md 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ceramic_protocol import dagcbor
from ceramic_protocol.anchors import walk_path
from ceramic_protocol.built import BuiltEvent, pack
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.events import Proof, TimeEvent

_ETH_TX: Final = b"\x01\x93\x01\x1b\x20"
_HASH_BYTES: Final = 32


def transaction_cid(tx_hash: bytes) -> Cid:
    """The CID of an Ethereum transaction (eth-tx, keccak-256) with that hash.

    Raises:
        EncodeError: the hash has not 32 bytes.
    """
    if len(tx_hash) != _HASH_BYTES:
        msg = f"transaction hash of {len(tx_hash)} bytes"
        raise EncodeError(msg)
    return Cid(_ETH_TX + tx_hash)


def encode_proof(proof: Proof) -> bytes:
    """The proof's block.

    Raises:
        EncodeError: its transaction hash has not 32 bytes.
    """
    return dagcbor.encode(
        {
            "root": proof.root,
            "txHash": transaction_cid(proof.tx_hash),
            "txType": proof.tx_type,
            "chainId": proof.chain_id,
        }
    )


def merkle_node(*links: Cid | None) -> bytes:
    """The block of a Merkle node: left, right and, in trees of js-ceramic's service, metadata of the root."""
    return dagcbor.encode(links)


def time_event(
    stream: Cid,
    prev: Cid,
    proof: Proof | bytes,
    path: Sequence[int] = (),
    witnesses: Iterable[bytes] = (),
) -> BuiltEvent:
    """A time event: `prev` of `stream` lies under the proof's root, at the end of `path`.

    Args:
        stream: CID of the stream's init event.
        prev: CID of the anchored event.
        proof: the proof, or its block as an anchor service sent it.
        path: index in each node from the root down; empty if the root is `prev` itself.
        witnesses: blocks of the Merkle nodes, in any order; only those on the path are kept.

    Raises:
        EncodeError: the path does not lead from root to `prev` through these nodes, or it's no proof.
        IdentifierError: `stream` or `prev` is not a CID.
    """
    proof_block = proof if isinstance(proof, bytes) else encode_proof(proof)
    proof_cid = Cid.of(proof_block)
    steps = "/".join(map(str, path))
    members = {"id": Cid.from_bytes(stream), "prev": Cid.from_bytes(prev), "proof": proof_cid, "path": steps}
    block = dagcbor.encode(members)
    cid = Cid.of(block)
    nodes = {Cid.of(node): node for node in witnesses}
    start = [(cid, block), (proof_cid, proof_block)]
    event = pack(cid, [*start, *nodes.items()]).event
    if not isinstance(event, TimeEvent):
        raise EncodeError("this is no time event")
    refused = walk_path(event)
    if refused is not None:
        raise EncodeError(refused.detail)
    return pack(cid, [*start, *_on_path(event, nodes)])


def _on_path(event: TimeEvent, nodes: Mapping[Cid, bytes]) -> list[tuple[Cid, bytes]]:
    """The nodes on a path that is known to be whole, from the root down."""
    found = []
    at = event.proof.root
    for step in event.path:
        found.append((at, nodes[at]))
        node: Any = dagcbor.decode(nodes[at])
        at = node[step]
    return found
