"""Whether a proof holds, by the rules that every reader of a time event goes by."""

from __future__ import annotations

from ceramic_node.anchoring.ports import Settled
from ceramic_protocol.anchors import CONTRACT_CALL, Anchored, verify_anchor
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Proof, TimeEvent
from ceramic_protocol.merkle import Above
from ceramic_protocol.ports import Chain
from ceramic_protocol.reasons import Finding


def transaction_proof(root: Cid, tx_hash: bytes, chain_id: str) -> Proof:
    """The proof that a call of the anchor contract makes."""
    return Proof(root, tx_hash, CONTRACT_CALL, chain_id)


def settled(proof: Proof, chain: Chain, contract: str) -> Settled | Finding:
    """The proof as a result, if `anchors` takes it; otherwise what that says.

    Args:
        proof: of the root itself.
        chain: where transactions are looked up.
        contract: address of the anchor contract.
    """
    event = TimeEvent(proof.root, proof.root, proof.root, proof, (), {})
    found = verify_anchor(event, chain, {proof.chain_id: contract})
    return Settled(proof, Above()) if isinstance(found, Anchored) else found
