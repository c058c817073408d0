"""Signatures that tell the secp256k1 key they were made with: r‖s‖v in hexadecimal text (accounts.md 3.3)."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Final

from coincurve import PublicKey as Secp256k1Key

SIGNATURE_BYTES: Final = 65
"""Length of a signature: r and s of 32 bytes each, and v."""


def recover_key(digest: bytes, signature: bytes, recovery: Mapping[int, int]) -> Secp256k1Key | None:
    """The key that signed a 32-byte digest; None if that can be nobody's.

    A high S is as good as a low one.

    Args:
        digest: what was signed.
        signature: r‖s‖v.
        recovery: every v that may stand there, and the recovery number it means (0 to 3).
    """
    if len(signature) != SIGNATURE_BYTES or signature[-1] not in recovery:
        return None
    recoverable = signature[:-1] + bytes([recovery[signature[-1]]])
    try:
        return Secp256k1Key.from_signature_and_message(recoverable, digest, hasher=None)
    except Exception:  # noqa: BLE001  # coincurve raises a bare Exception where nothing can be recovered
        return None


def decode_hex(text: str, limit: int) -> bytes | None:
    """The bytes of hexadecimal text, with or without 0x; None if it is something else or has too many."""
    digits = text.removeprefix("0x")
    if len(digits) > 2 * limit:
        return None
    try:
        return binascii.unhexlify(digits)
    except ValueError:
        return None
