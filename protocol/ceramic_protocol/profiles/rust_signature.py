"""Who signed an event, as ceramic-one has it (validation/src/verifier/jws.rs; ssi-jws 0.1.1; accounts.md 2).

Not emulated: a did:key of RSA with the algorithms for that, which nobody has signed events with.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import blake2b, sha256
from typing import Final

from coincurve import PublicKey as Secp256k1Key
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.did_profiles import ceramic_one_key
from ceramic_protocol.accounts.recoverable import recover_key
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.jose import Envelope
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS
from ceramic_protocol.reasons import Finding, Reason

_RSA_AND_SECRETS: Final = {f"{kind}{size}" for kind in ("HS", "RS", "PS") for size in (256, 384, 512)}
_ALGORITHMS: Final = _RSA_AND_SECRETS | {
    *("EdDSA", "EdBlake2b", "ES256", "ES384", "ES256K", "ES256K-R", "ESBlake2b", "ESBlake2bK"),
    *("AleoTestnet1Signature", "None", "none"),
}
_FOR_POINTS: Final = {
    KeyType.P256: {"ES256", "ESBlake2b"},
    KeyType.SECP256K1: {"ES256K", "ES256K-R", "ESBlake2bK"},
}
_RECOVERY: Final = {number: number for number in range(4)}
_SIGNATURE_BYTES: Final = 64
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_PREHASHED: Final = ec.ECDSA(Prehashed(SHA256()))


def check_rust_signature(envelope: Envelope) -> Finding | None:
    """None if ceramic-one takes the signature for that of the envelope's `kid`."""
    kid, alg = envelope.header.kid, envelope.header.alg or ""
    if not kid:
        return Finding(Reason.KID_MISSING, "protected header has no kid")
    if alg not in _ALGORITHMS:
        return Finding(Reason.ALG_KEY_MISMATCH, f"ceramic-one does not know alg {alg[:40]}")
    did = kid.partition("#")[0]
    key = ceramic_one_key(did) if len(did) <= MAX_IDENTIFIER_CHARS else None
    if key is None:
        return Finding(Reason.UNSUPPORTED_DID, f"ceramic-one gets no key from {kid[:200]}")
    if key.type in _FOR_POINTS and alg not in _FOR_POINTS[key.type]:
        return Finding(Reason.ALG_KEY_MISMATCH, f"alg {alg} with a {key.type.value} key")
    is_good = _is_signed(key, alg, signing_input(envelope), envelope.signature)
    return None if is_good else Finding(Reason.SIGNATURE_INVALID, f"not signed by {kid[:200]}")


def signing_input(envelope: Envelope) -> bytes:
    """The bytes that have to be signed: the header stands there in base64, not in base64url as it should."""
    payload = urlsafe_b64encode(envelope.payload).rstrip(b"=")
    return b"%b.%b" % (b64encode(envelope.protected).rstrip(b"="), payload)


def _is_signed(key: PublicKey, alg: str, message: bytes, signature: bytes) -> bool:
    if key.type is KeyType.ED25519:
        # Whatever else `alg` says doesn't matter.
        return verify_dalek(key.data, _blake2b(message) if alg == "EdBlake2b" else message, signature)
    if alg == "ESBlake2b":
        return _verify_p256(key.data, _blake2b(message), signature)
    if alg == "ESBlake2bK":
        return _verify_secp256k1(key.data, _blake2b(message), signature)
    if alg == "ES256K-R":
        signer = recover_low(sha256(message).digest(), signature)
        return signer is not None and signer.format() == key.data
    return verify(key, message, signature)


def verify_dalek(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature fits as ed25519-dalek has it: keys of small order are keys too."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def recover_low(digest: bytes, signature: bytes) -> Secp256k1Key | None:
    """The key that signed a digest with r‖s‖v, v being 0 to 3; only a low S is good."""
    s = int.from_bytes(signature[32:_SIGNATURE_BYTES], "big")
    return recover_key(digest, signature, _RECOVERY) if s <= _HALF_ORDER else None


def _blake2b(message: bytes) -> bytes:
    return blake2b(message, digest_size=32).digest()


def _der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def _verify_p256(data: bytes, digest: bytes, signature: bytes) -> bool:
    if len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
        key.verify(_der(signature), digest, _PREHASHED)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_secp256k1(data: bytes, digest: bytes, signature: bytes) -> bool:
    if len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        return bool(Secp256k1Key(data).verify(_der(signature), digest, hasher=None))
    except ValueError:
        return False
