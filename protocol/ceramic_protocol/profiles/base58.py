"""Base58 text for who goes on with what could be read."""

from __future__ import annotations

from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_BASE58_CHARS
from ceramic_protocol.multibase import decode_base58


def bytes_of(text: str) -> bytes:
    """The bytes of base58 text; none if it is something else, or longer than keys and signatures are."""
    try:
        return decode_base58(text) if len(text) <= MAX_BASE58_CHARS else b""
    except IdentifierError:
        return b""
