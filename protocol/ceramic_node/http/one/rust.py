"""Reading numbers and multibase text as ceramic-one does, with its words for what is wrong with them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Final

from ceramic_protocol import multibase
from ceramic_protocol.errors import CeramicError, IdentifierError

I32: Final = 32
I64: Final = 64

_DIGITS: Final = re.compile(r"([+-]?)([0-9]+)", re.ASCII)
_MAX_DIGITS: Final = 20


class NoNumber(CeramicError):
    """Text that is no number; `kind` is the name that Rust has for what is wrong."""

    code = "no_number"

    def __init__(self, kind: str) -> None:
        super().__init__(_WORDS[kind])
        self.kind = kind


_WORDS: Final = {
    "Empty": "cannot parse integer from empty string",
    "InvalidDigit": "invalid digit found in string",
    "PosOverflow": "number too large to fit in target type",
    "NegOverflow": "number too small to fit in target type",
}


def integer(text: str, bits: int) -> int:
    """A signed number of so many bits.

    Raises:
        NoNumber: the text is none.
    """
    if not text:
        raise NoNumber("Empty")
    found = _DIGITS.fullmatch(text)
    if found is None:
        raise NoNumber("InvalidDigit")
    sign, digits = found[1], found[2].lstrip("0") or "0"
    overflow = "NegOverflow" if sign == "-" else "PosOverflow"
    if len(digits) > _MAX_DIGITS:
        raise NoNumber(overflow)
    value = -int(digits) if sign == "-" else int(digits)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise NoNumber(overflow)
    return value


def _unpadded(size: int) -> Callable[[str], str]:
    """Takes off the padding of a base that is written in groups of so many characters."""

    def strip(text: str) -> str:
        stripped = text.rstrip("=")
        if len(text) % size or len(text) - len(stripped) >= size:
            raise IdentifierError("padding is wrong")
        return stripped

    return strip


def _of_hex32(text: str) -> str:
    """Base32 text with the alphabet that counts on from the digits, in the usual one."""
    padded = text.upper() + "=" * (-len(text) % 8)
    try:
        return base64.b32encode(base64.b32hexdecode(padded)).decode("ascii").rstrip("=").lower()
    except ValueError as error:
        raise IdentifierError(f"not base32hex: {error}") from None


_OTHERS: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "F": ("f", str.lower),
    "B": ("b", str.lower),
    "c": ("b", _unpadded(8)),
    "C": ("b", lambda text: _unpadded(8)(text).lower()),
    "v": ("b", _of_hex32),
    "V": ("b", _of_hex32),
    "t": ("b", lambda text: _of_hex32(_unpadded(8)(text))),
    "T": ("b", lambda text: _of_hex32(_unpadded(8)(text))),
    "K": ("k", str.lower),
    "M": ("m", _unpadded(4)),
    "U": ("u", _unpadded(4)),
}
"""Bases beside those that Ceramic writes: how they are read as one of these."""

_WRITTEN: Final = frozenset("bkzmuf")


def decode_multibase(text: str) -> bytes:
    """The bytes of multibase text, with ceramic-one's words for what is wrong.

    Any base goes but those that nobody writes: binary, octal, decimal, z-base-32, emoji, Flickr's base58.

    Raises:
        IdentifierError: no such text.
    """
    letter = text[:1]
    if not letter:
        raise IdentifierError("Invalid base string")
    if letter not in _WRITTEN and letter not in _OTHERS:
        raise IdentifierError(f"Unknown base code: {letter}")
    try:
        if letter in _WRITTEN:
            return multibase.decode(text)
        base, read = _OTHERS[letter]
        return multibase.decode(base + read(text[1:]))
    except IdentifierError:
        raise IdentifierError("Invalid base string") from None
