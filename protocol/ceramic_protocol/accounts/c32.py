"""c32check: how Stacks writes addresses, Crockford's base32 with a checksum (SIP-005)."""

from __future__ import annotations

from typing import Final

from ceramic_protocol.accounts.hashes import double_sha256

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECKSUM_BYTES: Final = 4


def _encode(data: bytes) -> str:
    value = int.from_bytes(data, "big")
    digits = []
    while value:
        value, digit = divmod(value, 32)
        digits.append(_ALPHABET[digit])
    # One zero for each zero byte in front, whatever the bits would ask for.
    digits += _ALPHABET[0] * (len(data) - len(data.lstrip(b"\0")))
    return "".join(reversed(digits))


def c32_address(version: int, hashed: bytes) -> str:
    """The address of a key's hash; `version` is below 32, such as 22 for one key on the main network."""
    checksum = double_sha256(bytes([version]) + hashed)[:_CHECKSUM_BYTES]
    return f"S{_ALPHABET[version]}{_encode(hashed + checksum)}"
