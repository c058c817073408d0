"""Capabilities that a contract wallet calls its own, EIP-1271 (accounts.md 3.3)."""

from __future__ import annotations

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.eip191 import candidate_texts, personal_hash
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.recoverable import decode_hex
from ceramic_protocol.limits import MAX_WALLET_SIGNATURE_BYTES
from ceramic_protocol.ports import Contracts
from ceramic_protocol.reasons import Finding, Reason


def check_eip1271(cacao: Cacao, account: PkhAccount, contracts: Contracts) -> Finding | None:
    """None if the contract accepts the signature over one of the texts it may have been given for."""
    signature = decode_hex(cacao.signature, MAX_WALLET_SIGNATURE_BYTES)
    if signature is None:
        detail = f"signature is not up to {MAX_WALLET_SIGNATURE_BYTES} bytes of hexadecimal text"
        return Finding(Reason.CACAO_SIGNATURE_INVALID, detail)
    for text in candidate_texts(cacao, account):
        answer = contracts.accepts(account.chain_id, account.address, personal_hash(text), signature)
        if isinstance(answer, Finding):
            return answer
        if answer:
            return None
    return Finding(
        Reason.CACAO_SIGNATURE_INVALID,
        f"contract {account.address} of {account.chain_id} does not accept the signature",
    )
