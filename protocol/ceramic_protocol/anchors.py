"""Proof of time: from a time event to the timestamp of the block that anchors it (consensus.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import Proof, TimeEvent
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain, Transaction
from ceramic_protocol.reasons import Finding, Reason

ANCHOR_CONTRACT: Final = "0x231055a0852d67c7107ad0d0dfeab60278fe6adc"
"""The contract that anchors go to (consensus.md 2.5), in lower case."""

NO_OTHER_CONTRACTS: Final[Mapping[str, str]] = {}
"""On every chain the contract is `ANCHOR_CONTRACT`."""

ANCHOR_SELECTOR: Final = bytes.fromhex("97ad09eb")
"""First bytes of the input of `anchorDagCbor(bytes32)`."""

CONTRACT_CALL: Final = "f(bytes32)"
LEGACY: Final = "raw"
"""Proofs of before the contract: the transaction's input is the root's CID as hexadecimal text of base16."""

TX_FAILED: Final = Reason.ANCHOR_TX_FAILED
"""What a transaction is that stands in its block but was reverted: it has changed nothing."""

_FAILED: Final = 0
_LEGACY_PREFIX: Final = b"\x0f"
_LAST_LEGACY_BLOCK: Final = {
    "eip155:1": 16_688_195,
    "eip155:3": 1_000_000_000,
    "eip155:5": 8_498_671,
    "eip155:100": 26_509_835,
    "eip155:11155111": 5_518_585,
    "eip155:1337": 1,
}
"""Up to which block legacy proofs were made, by chain (consensus.md 2.5)."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A proven anchor: block timestamp in unix seconds, and the chain's CAIP-2 id."""

    timestamp: int
    chain_id: str


def verify_anchor(
    event: TimeEvent,
    chain: Chain,
    contracts: Mapping[str, str] = NO_OTHER_CONTRACTS,
    network: Network | None = None,
) -> Anchored | Finding:
    """Walk the witness path and look the transaction up.

    Args:
        event: the time event.
        chain: where transactions are looked up.
        contracts: addresses of the anchor contract, by CAIP-2 chain, where it isn't `ANCHOR_CONTRACT`.
        network: whose chains count; None: any that `chain` can tell of.
    """
    return check_unasked(event, network) or _check_chain(event.proof, chain, contracts)


def check_unasked(event: TimeEvent, network: Network | None = None) -> Finding | None:
    """What is wrong whatever the chain says; None if the chain has to be asked."""
    return walk_path(event) or _check_proof(event.proof, network)


def walk_path(event: TimeEvent) -> Finding | None:
    """None if the path through the witness nodes leads from the proof's root to `prev`."""
    at = event.proof.root
    for step in event.path:
        if at == event.prev:
            return Finding(Reason.ANCHOR_PATH_MISMATCH, f"path goes on behind prev {at}")
        block = event.witnesses.get(at)
        if block is None:
            return Finding(Reason.ANCHOR_WITNESS_MISSING, f"node {at} of the path is not there")
        node = _node(block)
        if step >= len(node) or not isinstance(node[step], Cid):
            return Finding(Reason.ANCHOR_PATH_MISMATCH, f"node {at} has no link at {step}")
        at = node[step]
    if at != event.prev:
        return Finding(Reason.ANCHOR_PATH_MISMATCH, f"path ends at {at}, prev is {event.prev}")
    return None


def _node(block: bytes) -> list[Cid]:
    try:
        node = dagcbor.decode(block)
    except DecodeError:
        return []
    return node if isinstance(node, list) else []  # type: ignore[return-value]  # items are checked on use


def _check_proof(proof: Proof, network: Network | None) -> Finding | None:
    if proof.tx_type not in {CONTRACT_CALL, LEGACY}:
        return Finding(Reason.ANCHOR_ROOT_MISMATCH, f"unknown txType {proof.tx_type!r}")
    if network is not None and not network.anchors_on(proof.chain_id):
        detail = f"{proof.chain_id[:MAX_QUOTED_CHARS]} is no chain of {network}"
        return Finding(Reason.ANCHOR_CHAIN_REFUSED, detail)
    return None


def _check_chain(proof: Proof, chain: Chain, contracts: Mapping[str, str]) -> Anchored | Finding:
    known = chain.transaction(proof.chain_id, proof.tx_hash)
    if isinstance(known, Finding):
        return known._replace(detail=f"{_name(proof)}: {known.detail}" if known.detail else _name(proof))
    if proof.tx_type == LEGACY:
        return _check_legacy(proof, known)
    return _check_transaction(proof, known, contracts.get(proof.chain_id, ANCHOR_CONTRACT))


def _name(proof: Proof) -> str:
    return f"transaction 0x{proof.tx_hash.hex()} on {proof.chain_id}"


def _check_legacy(proof: Proof, known: Transaction) -> Anchored | Finding:
    last = _LAST_LEGACY_BLOCK.get(proof.chain_id)
    if last is None or known.block_number > last:
        detail = f"proof without contract in block {known.block_number} of {proof.chain_id}"
        return Finding(Reason.ANCHOR_WRONG_CONTRACT, detail)
    return _compare_input(proof, known, _LEGACY_PREFIX + proof.root)


def _check_transaction(proof: Proof, known: Transaction, contract: str) -> Anchored | Finding:
    if known.to.lower() != contract.lower():
        return Finding(Reason.ANCHOR_WRONG_CONTRACT, f"sent to {known.to}")
    return _compare_input(proof, known, ANCHOR_SELECTOR + proof.root.digest)


def _compare_input(proof: Proof, known: Transaction, wanted: bytes) -> Anchored | Finding:
    if known.input != wanted:
        return Finding(
            Reason.ANCHOR_ROOT_MISMATCH, f"0x{known.input.hex()[:72]} does not anchor {proof.root}"
        )
    if known.status == _FAILED:
        return Finding(TX_FAILED, f"{_name(proof)} failed")
    return Anchored(known.timestamp, proof.chain_id)
