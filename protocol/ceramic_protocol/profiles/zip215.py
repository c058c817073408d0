"""Ed25519 as noble-curves checks it: by the rules of ZIP 215, which are wider than those of RFC 8032."""

from __future__ import annotations

from typing import Final

from Crypto.Signature import eddsa

from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.signatures import verify

_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_ORDER: Final = (1 << 252) + 27742317777372353535851937790883648493
_PRIME: Final = (1 << 255) - 19
_WITHOUT_SIGN: Final = {1, _PRIME - 1}


def verify_zip215(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature fits; parts of small order, of the key as well, make no difference."""
    if len(key) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
        return False
    # What libsodium lets pass, noble-curves does too, and nearly all signatures end here.
    if verify(PublicKey(KeyType.ED25519, key), message, signature):
        return True
    point, number = signature[:_KEY_BYTES], signature[_KEY_BYTES:]
    if int.from_bytes(number, "little") >= _ORDER:
        return False
    try:
        checker = eddsa.new(eddsa.import_public_key(_canonical(key)), "rfc8032")
        checker.verify(message, _canonical(point) + number)
    except ValueError:
        return False
    return True


def _canonical(point: bytes) -> bytes:
    """The usual form of a point, which is also the one that noble-curves hashes."""
    number = int.from_bytes(point, "little")
    y, sign = (number & (1 << 255) - 1) % _PRIME, number >> 255
    return (y | (0 if y in _WITHOUT_SIGN else sign) << 255).to_bytes(_KEY_BYTES, "little")
