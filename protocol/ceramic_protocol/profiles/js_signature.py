"""Who signed an event, as did-jwt 7.4 has it (accounts.md 2.3, 2.4).

Not emulated: keys that lie about their kind, such as a P-256 key in a did:key of secp256k1, which did-jwt
would use as what `alg` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

from coincurve import PublicKey as Secp256k1Key

from ceramic_protocol.accounts import base58check
from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.did_profiles import js_key, resolves_in_js
from ceramic_protocol.accounts.hashes import hash160, keccak256
from ceramic_protocol.accounts.recoverable import recover_key
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.jose import Envelope
from ceramic_protocol.limits import MAX_CACHED_KEYS, MAX_IDENTIFIER_CHARS
from ceramic_protocol.profiles.base58 import bytes_of
from ceramic_protocol.profiles.zip215 import verify_zip215
from ceramic_protocol.reasons import Finding, Reason

_ES256: Final = "ES256"
_ES256K: Final = "ES256K"
_RECOVERABLE: Final = "ES256K-R"
_KEYS: Final = {
    _ES256: KeyType.P256,
    _ES256K: KeyType.SECP256K1,
    _RECOVERABLE: KeyType.SECP256K1,
    "EdDSA": KeyType.ED25519,
    "Ed25519": KeyType.ED25519,
}
_SIGNATURE_BYTES: Final = 64
_RECOVERY: Final = {number: number for number in range(4)}
_PKH: Final = "did:pkh:"


_resolves: Final = lru_cache(maxsize=MAX_CACHED_KEYS)(resolves_in_js)


def resolves(url: str) -> bool:
    """Whether js-did finds a DID document; what is too long for a DID is not worth remembering."""
    return len(url) <= MAX_IDENTIFIER_CHARS and _resolves(url)


def check_js_signature(envelope: Envelope) -> Finding | None:
    """None if js-did takes the signature for that of the envelope's `kid`."""
    kid, alg = envelope.header.kid, envelope.header.alg
    if not kid:
        return Finding(Reason.KID_MISSING, "protected header has no kid")
    if not resolves(kid):
        return Finding(Reason.UNSUPPORTED_DID, f"js-did does not resolve {kid[:200]}")
    if alg not in _KEYS:
        return Finding(Reason.ALG_KEY_MISMATCH, f"js-did has no verifier for alg {alg}")
    if kid.startswith(_PKH):
        is_good = _is_of_account(kid, alg, envelope)
    else:
        key = js_key(kid)
        if key is not None and key.type is not _KEYS[alg]:
            return Finding(Reason.ALG_KEY_MISMATCH, f"alg {alg} with a {key.type.value} key")
        is_good = key is not None and _is_of_key(key, alg, envelope)
    return None if is_good else Finding(Reason.SIGNATURE_INVALID, f"not signed by {kid}")


def _is_of_key(key: PublicKey, alg: str, envelope: Envelope) -> bool:
    if key.type is KeyType.ED25519:
        return verify_zip215(key.data, envelope.signing_input, envelope.signature)
    if alg == _RECOVERABLE:
        return any(signer.format() == key.data for signer in _signers(envelope))
    return verify(key, envelope.signing_input, envelope.signature)


def _signers(envelope: Envelope) -> Sequence[Secp256k1Key]:
    """The keys of secp256k1 that may have signed; without a recovery number there are two of them."""
    digest, signature = sha256(envelope.signing_input).digest(), envelope.signature
    if len(signature) > _SIGNATURE_BYTES:
        signatures = [signature]
    else:
        signatures = [signature + bytes([number]) for number in range(2)]
    found = (recover_key(digest, candidate, _RECOVERY) for candidate in signatures)
    return [key for key in found if key is not None]


def _is_of_account(did: str, alg: str, envelope: Envelope) -> bool:
    """Whether a blockchain account signed by itself: did-jwt then recovers the key from the signature."""
    namespace, _, rest = did.removeprefix(_PKH).partition(":")
    address = rest.rpartition(":")[2]
    is_signed = alg == _RECOVERABLE or (alg == _ES256K and len(envelope.signature) == _SIGNATURE_BYTES)
    if not is_signed:
        return False
    points = [key.format(compressed=False) for key in _signers(envelope)]
    if namespace == "eip155":
        return address.lower() in {f"0x{keccak256(point[1:])[-20:].hex()}" for point in points}
    if namespace == "bip122":
        return address.lower() in {_bitcoin_address(point, address).lower() for point in points}
    return False


def _bitcoin_address(point: bytes, like: str) -> str:
    """The address of a key with the version byte of another address; empty where that one has none."""
    version = bytes_of(like)[:1]
    return base58check.encode(version, hash160(point)) if version else ""
