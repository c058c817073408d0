"""Checking raw JWS signatures: Ed25519, ECDSA on P-256 and secp256k1 (accounts.md 2.4)."""

from __future__ import annotations

from functools import lru_cache

from coincurve import PublicKey as Secp256k1Key
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.bindings import crypto_sign_open, crypto_sign_PUBLICKEYBYTES
from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaclValueError

from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.limits import MAX_CACHED_KEYS

_SIGNATURE_BYTES = 64
_RECOVERABLE = "ES256K-R"
_ES256 = ec.ECDSA(SHA256())
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def verify(key: PublicKey, message: bytes, signature: bytes, algorithm: str | None = None) -> bool:
    """Whether `signature` (64 bytes, r‖s for ECDSA) over `message` is of `key`.

    A key that is no point of its curve, or an Ed25519 key of small order, signs nothing.

    Args:
        key: who is said to have signed.
        message: what was signed.
        signature: 64 bytes; with ES256K-R a 65th, the recovery number, which must be right as well.
        algorithm: one of the key's algorithms, by default the usual one.
    """
    if algorithm == _RECOVERABLE:
        return _recovers(key.data, message, signature)
    if len(signature) != _SIGNATURE_BYTES:
        return False
    if key.type is KeyType.ED25519:
        return _verify_ed25519(key.data, message, signature)
    if key.type is KeyType.P256:
        return _verify_p256(key.data, message, signature)
    return _verify_secp256k1(key.data, message, signature)


def _verify_ed25519(data: bytes, message: bytes, signature: bytes) -> bool:
    # The binding reads as many bytes as a key has from whatever it is given.
    if len(data) != crypto_sign_PUBLICKEYBYTES:
        return False
    try:
        crypto_sign_open(signature + message, data)
    except (BadSignatureError, NaclValueError):
        return False
    return True


@lru_cache(maxsize=MAX_CACHED_KEYS)
def _p256_key(data: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        return None


def _verify_p256(data: bytes, message: bytes, signature: bytes) -> bool:
    key = _p256_key(data)
    if key is None:
        return False
    r, s = _halves(signature)
    try:
        key.verify(encode_dss_signature(r, s), message, _ES256)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=MAX_CACHED_KEYS)
def _secp256k1_key(data: bytes) -> Secp256k1Key | None:
    try:
        return Secp256k1Key(data)
    except ValueError:
        return None


def _verify_secp256k1(data: bytes, message: bytes, signature: bytes) -> bool:
    key = _secp256k1_key(data)
    if key is None:
        return False
    r, s = _halves(signature)
    if not (0 < r < _SECP256K1_ORDER and 0 < s < _SECP256K1_ORDER):
        return False
    # Both references accept a high S; libsecp256k1 checks only the low one, which signs the same.
    low = min(s, _SECP256K1_ORDER - s)
    return bool(key.verify(encode_dss_signature(r, low), message))


def _recovers(data: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != _SIGNATURE_BYTES + 1 or signature[-1] > 1:
        return False
    try:
        return Secp256k1Key.from_signature_and_message(signature, message).format() == data
    except Exception:  # noqa: BLE001  # coincurve raises a bare Exception where nothing can be recovered
        return False


def _halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
