"""Which bytes the references take for a point of a curve, where they tell before they check a signature."""

from __future__ import annotations

from typing import Final

from coincurve import PublicKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec

_ED25519_PRIME: Final = (1 << 255) - 19
_ED25519_D: Final = -121665 * pow(121666, -1, _ED25519_PRIME)
_SEC1_HEADS: Final = {b"\x02", b"\x03", b"\x04"}


def is_js_ed25519(data: bytes) -> bool:
    """Whether noble-curves 1.9 reads a point of Ed25519, and can turn it into one of X25519."""
    if len(data) != 32:
        return False
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if y >= _ED25519_PRIME or y == 1 or (y == _ED25519_PRIME - 1 and sign):
        return False
    # x² = (y² - 1) / (dy² + 1) has a root if the product of the two has one.
    product = (y * y - 1) * (_ED25519_D * y * y + 1)
    return pow(product, (_ED25519_PRIME - 1) // 2, _ED25519_PRIME) in {0, 1}


def is_nist_point(curve: ec.EllipticCurve, data: bytes) -> bool:
    """Whether `data` is a point in SEC1 form, compressed or whole."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(curve, data)
    except ValueError:
        return False
    return True


def compress_secp256k1(data: bytes) -> bytes | None:
    """The 33 bytes of a point of secp256k1 in SEC1 form; None if it is none."""
    # libsecp256k1 also reads the hybrid form, which neither reference does.
    if data[:1] not in _SEC1_HEADS:
        return None
    try:
        return bytes(Secp256k1Key(data).format())
    except ValueError:
        return None
