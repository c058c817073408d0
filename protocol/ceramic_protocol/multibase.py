"""Multibase text: a letter for the base, then the bytes in that base.

Ceramic writes `b` (base32 lower, CIDs), `k` (base36 lower, StreamIDs), `z` (base58btc, keys and interests),
`m` (base64, CARs) and `u` (base64url, stream states); events.md 1.3 and 8.7.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import cache

from ceramic_protocol import base32
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_BIG_BASE_CHARS

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_PIECE_DIGITS = 512  # Python takes at least 640 at once
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CHUNK_PAIRS = 5


@cache
def _pairs(alphabet: str) -> tuple[str, ...]:
    """All pairs of digits: half as many divisions as for single ones."""
    return tuple(first + second for first in alphabet for second in alphabet)


def _digits(value: int, alphabet: str) -> str:
    pairs = _pairs(alphabet)
    base = len(pairs)
    # Dividing the large number costs more than dividing small ones.
    step = base**_CHUNK_PAIRS
    found = []
    while value:
        value, chunk = divmod(value, step)
        for _ in range(_CHUNK_PAIRS):
            chunk, pair = divmod(chunk, base)
            found.append(pairs[pair])
    found.reverse()
    return "".join(found).lstrip(alphabet[0])


def _encode_big(data: bytes, alphabet: str) -> str:
    stripped = data.lstrip(b"\0")
    return alphabet[0] * (len(data) - len(stripped)) + _digits(int.from_bytes(stripped, "big"), alphabet)


def _decode_big(text: str, alphabet: str) -> bytes:
    if len(text) > MAX_BIG_BASE_CHARS:
        msg = f"{len(text)} characters of base{len(alphabet)} text"
        raise IdentifierError(msg)
    unknown = text.strip(alphabet)
    if unknown:
        msg = f"{unknown[0]!r} is no base{len(alphabet)} digit"
        raise IdentifierError(msg)
    digits = text.lstrip(alphabet[0])
    value = _number(digits, alphabet)
    return bytes(len(text) - len(digits)) + value.to_bytes((value.bit_length() + 7) // 8, "big")


def _number(digits: str, alphabet: str) -> int:
    value = 0
    if alphabet is _BASE36:
        # Python's own is twenty times as fast, and texts of StreamIDs are everywhere.
        for start in range(0, len(digits), _PIECE_DIGITS):
            piece = digits[start : start + _PIECE_DIGITS]
            value = value * 36 ** len(piece) + int(piece, 36)
        return value
    for digit in digits:
        value = value * len(alphabet) + alphabet.index(digit)
    return value


def encode_base58(data: bytes) -> str:
    """Bitcoin's base58 without a multibase letter."""
    return _encode_big(data, _BASE58)


def decode_base58(text: str) -> bytes:
    """Bytes of base58 text without a multibase letter."""
    return _decode_big(text, _BASE58)


def encode_base64url(data: bytes) -> str:
    """base64url without padding or multibase letter, as in JWS."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64_ascii(data: bytes) -> bytes:
    """base64 without padding or multibase letter, as it is sent."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=")


def _decode_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _decode_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


_ENCODERS: dict[str, Callable[[bytes], str]] = {
    "b": base32.encode,
    "k": lambda data: _encode_big(data, _BASE36),
    "z": encode_base58,
    "m": lambda data: base64_ascii(data).decode("ascii"),
    "u": encode_base64url,
    "f": lambda data: data.hex(),
}
_DECODERS: dict[str, Callable[[str], bytes]] = {
    "b": base32.decode,
    "k": lambda text: _decode_big(text, _BASE36),
    "z": decode_base58,
    "m": _decode_base64,
    "u": _decode_base64url,
    "f": binascii.unhexlify,
}


def encode(data: bytes, base: str) -> str:
    """`data` as multibase text in the base of that letter (one of b k z m u f)."""
    return base + _ENCODERS[base](data)


def decode(text: str) -> bytes:
    """The bytes of multibase text.

    Raises:
        IdentifierError: empty, unknown base letter, or a digit outside the base.
    """
    decoder = _DECODERS.get(text[:1])
    if decoder is None:
        msg = f"unknown multibase letter {text[:1]!r}"
        raise IdentifierError(msg)
    try:
        data = decoder(text[1:])
    except (binascii.Error, ValueError) as error:
        msg = f"not multibase text: {error}"
        raise IdentifierError(msg) from None
    # Python's own decoders let padding, stray bits and upper-case hex pass; one value has one text.
    if text[0] in "muf" and _ENCODERS[text[0]](data) != text[1:]:
        msg = "multibase text is not in its shortest form"
        raise IdentifierError(msg)
    return data
