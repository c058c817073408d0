"""Proof of time: from a time event to the timestamp of the block that anchors it (consensus.md 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import Proof, TimeEvent
from ceramic_protocol.ports import Chain, Transaction
from ceramic_protocol.reasons import Reason

ANCHOR_CONTRACT: Final = "0x231055a0852d67c7107ad0d0dfeab60278fe6adc"
"""The contract that anchors go to (consensus.md 2.5), in lower case."""

ANCHOR_SELECTOR: Final = bytes.fromhex("97ad09eb")
"""First bytes of the input of `anchorDagCbor(bytes32)`."""

CONTRACT_CALL: Final = "f(bytes32)"
_LEGACY: Final = "raw"


@dataclass(frozen=True, slots=True)
class Anchored:
    """A proven anchor: block timestamp in unix seconds, and the chain's CAIP-2 id."""

    timestamp: int
    chain_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No proof, and why."""

    reason: Reason
    detail: str


def verify_anchor(event: TimeEvent, chain: Chain) -> Anchored | Refused:
    """Walk the witness path and look the transaction up."""
    return walk_path(event) or _check_chain(event.proof, chain)


def walk_path(event: TimeEvent) -> Refused | None:
    """None if the path through the witness nodes leads from the proof's root to `prev`."""
    at = event.proof.root
    for step in event.path:
        if at == event.prev:
            return Refused(Reason.ANCHOR_PATH_MISMATCH, f"path goes on behind prev {at}")
        block = event.witnesses.get(at)
        if block is None:
            return Refused(Reason.ANCHOR_WITNESS_MISSING, f"node {at} of the path is not there")
        node = _node(block)
        if step >= len(node) or not isinstance(node[step], Cid):
            return Refused(Reason.ANCHOR_PATH_MISMATCH, f"node {at} has no link at {step}")
        at = node[step]
    if at != event.prev:
        return Refused(Reason.ANCHOR_PATH_MISMATCH, f"path ends at {at}, prev is {event.prev}")
    return None


def _node(block: bytes) -> list[Cid]:
    try:
        node = dagcbor.decode(block)
    except DecodeError:
        return []
    return node if isinstance(node, list) else []  # type: ignore[return-value]  # items are checked on use


def _check_chain(proof: Proof, chain: Chain) -> Anchored | Refused:
    if proof.tx_type == _LEGACY:
        return Refused(Reason.UNSUPPORTED_YET, "legacy anchor proof (txType raw)")
    if proof.tx_type != CONTRACT_CALL:
        return Refused(Reason.ANCHOR_ROOT_MISMATCH, f"unknown txType {proof.tx_type!r}")
    known = chain.transaction(proof.chain_id, proof.tx_hash)
    if isinstance(known, Reason):
        return Refused(known, f"transaction 0x{proof.tx_hash.hex()} on {proof.chain_id}")
    return _check_transaction(proof, known)


def _check_transaction(proof: Proof, known: Transaction) -> Anchored | Refused:
    if known.to.lower() != ANCHOR_CONTRACT:
        return Refused(Reason.ANCHOR_WRONG_CONTRACT, f"sent to {known.to}")
    if known.input != ANCHOR_SELECTOR + proof.root.digest:
        return Refused(
            Reason.ANCHOR_ROOT_MISMATCH, f"0x{known.input.hex()[:72]} does not anchor {proof.root}"
        )
    return Anchored(known.timestamp, proof.chain_id)
