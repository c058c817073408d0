"""Hashes that `hashlib` doesn't have under one name, or not on every system."""

from __future__ import annotations

from hashlib import sha256

from Crypto.Hash import RIPEMD160, keccak


def keccak256(data: bytes) -> bytes:
    """Ethereum's Keccak-256, which is not SHA3-256."""
    return keccak.new(digest_bits=256, data=data).digest()


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of SHA-256, as Bitcoin and its heirs take it for checksums."""
    return sha256(sha256(data).digest()).digest()


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256: 20 bytes, by which Bitcoin and its heirs know a public key."""
    # OpenSSL 3 counts RIPEMD-160 among its legacy algorithms, so that hashlib may lack it.
    return RIPEMD160.new(sha256(data).digest()).digest()
