"""Passkeys as ceramic-one checks them (validation/src/signature/key_webauthn.rs; accounts.md 3.4)."""

from __future__ import annotations

from dataclasses import replace

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.webauthn import (
    challenge_of,
    check_client_data,
    decode_assertion,
    decode_signature,
)
from ceramic_protocol.profiles.base58 import bytes_of

_PREFIX = "did:key:z"
_P256 = b"\x80\x24"


def check_rust_webauthn(cacao: Cacao) -> str | None:
    """What ceramic-one finds wrong with the signature of a passkey; None if nothing.

    It leaves statement and request out when it makes the challenge again, so that these can be changed.
    """
    assertion, signature = decode_assertion(cacao), decode_signature(cacao.signature)
    if assertion is None or signature is None:
        return "no assertion of a passkey that can be read"
    key = passkey_of(cacao.issuer)
    if key is None or not verify(key, assertion.signed, signature):
        return f"not signed by {cacao.issuer[:200]}"
    expected = challenge_of(replace(cacao, statement=None, request_id=None))
    return check_client_data(assertion.client_data, expected)


def passkey_of(issuer: str) -> PublicKey | None:
    """The P-256 key of a did:key as both references read it for a passkey: as a point in SEC1's forms."""
    data = bytes_of(issuer.partition(_PREFIX)[2] or issuer)
    return PublicKey(KeyType.P256, data.removeprefix(_P256)) if data.startswith(_P256) else None
