"""Capabilities signed by a passkey, whose P-256 key is the issuer's did:key (accounts.md 3.4).

What the authenticator signs holds the CID of the capability as it was before it had a signature or an
issuer: the key is known only afterwards. That covers every other member, unknown ones too, as in js-did;
ceramic-one leaves some out.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ceramic_protocol import dagcbor, multibase, strict_json
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.did import PublicKey
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.limits import MAX_CLIENT_DATA_BYTES

_SIGNATURE_BYTES: Final = 64
_TYPE: Final = "webauthn.get"


class Assertion(NamedTuple):
    """What a browser gives beside the signature."""

    authenticator_data: bytes
    client_data: bytes

    @property
    def signed(self) -> bytes:
        """The bytes under the signature."""
        return self.authenticator_data + sha256(self.client_data).digest()


def challenge_of(cacao: Cacao) -> Cid:
    """The CID that an authenticator is asked to sign for a capability."""
    members = cacao.members
    payload = members["p"]
    del members["s"]
    if isinstance(payload, dict):
        payload.pop("iss", None)
    return Cid.of(dagcbor.encode(members))


def decode_assertion(cacao: Cacao) -> Assertion | None:
    """What stands in `s.m.aad`; None if it isn't DAG-CBOR of `{authData: bytes, clientDataJSON: bytes}`."""
    data = (cacao.metadata or {}).get("aad")
    if type(data) is not bytes:
        return None
    try:
        members = dagcbor.decode(data)
    except DecodeError:
        return None
    if not isinstance(members, dict):
        return None
    authenticator, client = members.get("authData"), members.get("clientDataJSON")
    return Assertion(authenticator, client) if type(authenticator) is type(client) is bytes else None


def decode_signature(text: str) -> bytes | None:
    """r‖s of a signature in base64url: 64 bytes as they are, anything else as DER; None if it is neither."""
    try:
        data = multibase.decode(f"u{text}")
        if len(data) == _SIGNATURE_BYTES:
            return data
        return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(data))
    except (IdentifierError, ValueError, OverflowError):
        return None


def check_client_data(data: bytes, challenge: Cid) -> str | None:
    """What is wrong with the client data (JSON) for an assertion over `challenge`; None if nothing is."""
    if len(data) > MAX_CLIENT_DATA_BYTES:
        return f"clientDataJSON has {len(data)} bytes"
    try:
        members = strict_json.load(data)
    except ValueError as error:
        return f"clientDataJSON: {error}"
    if not isinstance(members, dict) or members.get("type") != _TYPE:
        return f"clientDataJSON is not of type {_TYPE}"
    if members.get("challenge") != multibase.encode_base64url(challenge):
        return f"challenge is not {challenge}, the capability without signature and issuer"
    return None


def check_webauthn(cacao: Cacao, key: PublicKey) -> str | None:
    """What is wrong with the signature of a passkey, a P-256 key; None if it is good.

    Nothing is said about where and how the key was used: its site, its counter, whether somebody touched it.
    """
    assertion = decode_assertion(cacao)
    if assertion is None:
        return "s.m.aad is not {authData: bytes, clientDataJSON: bytes} in DAG-CBOR"
    signature = decode_signature(cacao.signature)
    if signature is None:
        return f"signature is neither DER nor {_SIGNATURE_BYTES} bytes in base64url"
    if not verify(key, assertion.signed, signature):
        return f"not signed by {cacao.issuer}"
    return check_client_data(assertion.client_data, challenge_of(cacao))
