"""Capabilities signed by a Solana account, whose address is its Ed25519 key (accounts.md 3.3)."""

from __future__ import annotations

from typing import Final

from ceramic_protocol import multibase
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_BASE58_CHARS

_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


def decode_base58(text: str, length: int) -> bytes | None:
    """The bytes of base58 text; None if it is something else or hasn't that many."""
    if len(text) > MAX_BASE58_CHARS:
        return None
    try:
        data = multibase.decode_base58(text)
    except IdentifierError:
        return None
    return data if len(data) == length else None


def check_solana(cacao: Cacao, account: PkhAccount) -> str | None:
    """What is wrong with the signature of a Solana account; None if it is good."""
    key = decode_base58(account.address, _KEY_BYTES)
    if key is None:
        return f"address is not {_KEY_BYTES} bytes of base58 text"
    signature = decode_base58(cacao.signature, _SIGNATURE_BYTES)
    if signature is None:
        return f"signature is not {_SIGNATURE_BYTES} bytes of base58 text"
    text = sign_in_message(cacao, Network.SOLANA, account)
    if not verify(PublicKey(KeyType.ED25519, key), text.encode(), signature):
        return f"not signed by {account.address}"
    return None
