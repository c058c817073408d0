"""Passkeys as js-did checks them (accounts.md 3.4; key-webauthn 2.0). Times are no matter to it."""

from __future__ import annotations

import json

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.webauthn import decode_assertion, decode_signature
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_CLIENT_DATA_BYTES
from ceramic_protocol.profiles.rust_webauthn import passkey_of

_TYPE = "webauthn.get"


def check_js_webauthn(cacao: Cacao, members: IpldValue) -> str | None:
    """What js-did finds wrong with the signature of a passkey; None if nothing."""
    assertion, signature = decode_assertion(cacao), decode_signature(cacao.signature.rstrip("="))
    if assertion is None or signature is None:
        return "no assertion of a passkey that can be read"
    key = passkey_of(cacao.issuer)
    if key is None or not verify(key, assertion.signed, signature):
        return f"not signed by {cacao.issuer[:200]}"
    challenge = _challenge(assertion.client_data)
    if challenge is None:
        return f"clientDataJSON is not of type {_TYPE} or has no challenge"
    return None if challenge == _expected(members) else "challenge is not that of the capability"


def _challenge(data: bytes) -> bytes | None:
    """The bytes that were asked to be signed; of double members the last one counts."""
    try:
        members = json.loads(data.decode("utf-8", "replace")) if len(data) <= MAX_CLIENT_DATA_BYTES else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict) or members.get("type") != _TYPE:
        return None
    challenge = members.get("challenge")
    if not isinstance(challenge, str):
        return None
    try:
        return multibase.decode(f"u{challenge.rstrip('=')}")
    except IdentifierError:
        return None


def _expected(members: IpldValue) -> bytes:
    """The CID of the block as it was before it had a signature and an issuer, whatever else it has."""
    if not isinstance(members, dict):
        return b""
    challenge = {name: value for name, value in members.items() if name != "s"}
    payload = challenge.get("p")
    if isinstance(payload, dict):
        challenge["p"] = {name: value for name, value in payload.items() if name != "iss"}
    return Cid.of(dagcbor.encode(challenge))
