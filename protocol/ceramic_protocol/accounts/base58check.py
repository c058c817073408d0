"""Base58Check: bytes behind a prefix that tells what they are, and a checksum behind them."""

from __future__ import annotations

from ceramic_protocol.accounts.hashes import double_sha256
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_BASE58_CHARS
from ceramic_protocol.multibase import decode_base58, encode_base58

_CHECKSUM_BYTES = 4


def encode(prefix: bytes, data: bytes) -> str:
    """Base58 text of prefix, data and checksum."""
    whole = prefix + data
    return encode_base58(whole + double_sha256(whole)[:_CHECKSUM_BYTES])


def decode(text: str, prefix: bytes, length: int) -> bytes:
    """The bytes between prefix and checksum.

    Raises:
        IdentifierError: not base58, another prefix, not `length` bytes between, or a wrong checksum.
    """
    if len(text) > MAX_BASE58_CHARS:
        msg = f"{len(text)} characters of base58 text"
        raise IdentifierError(msg)
    data = decode_base58(text)
    whole, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if not whole.startswith(prefix) or len(whole) != len(prefix) + length:
        msg = f"base58 text has not prefix {prefix.hex()} and {length} bytes"
        raise IdentifierError(msg)
    if double_sha256(whole)[:_CHECKSUM_BYTES] != checksum:
        msg = "checksum of base58 text is wrong"
        raise IdentifierError(msg)
    return whole.removeprefix(prefix)
