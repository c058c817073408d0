"""The bases that ceramic-one reads a did:key in: those of the Rust crate multibase 0.8, without identity.

Everywhere else a did:key is base58btc.
"""

from __future__ import annotations

from typing import Final

_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = _UPPER.lower()
_DECIMAL: Final = "0123456789"
_HEX: Final = f"{_DECIMAL}abcdef"
_HEX32: Final = f"{_DECIMAL}abcdefghijklmnopqrstuv"
_Z32: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
_64: Final = f"{_UPPER}{_LOWER}{_DECIMAL}"

_OF_BITS: Final = {
    "0": "01",
    "7": "01234567",
    "f": _HEX,
    "F": _HEX.upper(),
    **dict.fromkeys("bc", f"{_LOWER}234567"),
    **dict.fromkeys("BC", f"{_UPPER}234567"),
    **dict.fromkeys("vt", _HEX32),
    **dict.fromkeys("VT", _HEX32.upper()),
    "h": _Z32,
    **dict.fromkeys("mM", f"{_64}+/"),
    **dict.fromkeys("uU", f"{_64}-_"),
}
_OF_NUMBERS: Final = {
    "9": _DECIMAL,
    "Z": "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ",
    "z": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
}
_BLOCKS: Final = {**dict.fromkeys("cCtT", 8), **dict.fromkeys("MU", 4)}
"""Digits of a block, in the bases that fill up the last one with `=`."""


def decode_any(text: str) -> bytes | None:
    """The bytes of multibase text, or None if it isn't such text in its shortest form."""
    letter, digits = text[:1], text[1:]
    if letter in _OF_NUMBERS:
        return _decode_number(digits, _OF_NUMBERS[letter])
    alphabet = _OF_BITS.get(letter)
    if letter in _BLOCKS:
        digits = digits.rstrip("=")
        if len(text) - 1 != len(digits) + -len(digits) % _BLOCKS[letter]:
            return None
    return None if alphabet is None else _decode_bits(digits, alphabet)


def _value(digits: str, alphabet: str) -> int | None:
    value = 0
    for digit in digits:
        found = alphabet.find(digit)
        if found < 0:
            return None
        value = value * len(alphabet) + found
    return value


def _decode_bits(digits: str, alphabet: str) -> bytes | None:
    width = len(alphabet).bit_length() - 1
    value, stray = _value(digits, alphabet), len(digits) * width % 8
    if value is None or stray >= width or value & (1 << stray) - 1:
        return None
    return (value >> stray).to_bytes(len(digits) * width // 8, "big")


def _decode_number(digits: str, alphabet: str) -> bytes | None:
    value, zeros = _value(digits, alphabet), len(digits) - len(digits.lstrip(alphabet[0]))
    return None if value is None else bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")
