"""Unsigned varints (multiformats unsigned-varint: LEB128, at most 9 bytes, minimal)."""

from __future__ import annotations

from ceramic_protocol.errors import IdentifierError

_MAX_BYTES = 9


def decode(data: bytes, pos: int = 0) -> tuple[int, int]:
    """Read one varint at `pos`.

    Returns:
        The value and the position after it.

    Raises:
        IdentifierError: cut short, longer than 9 bytes or not minimal.
    """
    value = shift = 0
    for index in range(pos, min(pos + _MAX_BYTES, len(data))):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and index > pos:
                msg = "varint is not minimal"
                raise IdentifierError(msg)
            return value, index + 1
        shift += 7
    msg = "varint is cut short or longer than 9 bytes"
    raise IdentifierError(msg)


def encode(value: int) -> bytes:
    """The varint bytes of a number from 0 to 2^63 - 1."""
    if not 0 <= value < 1 << 63:
        msg = f"{value} has no varint form"
        raise IdentifierError(msg)
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
