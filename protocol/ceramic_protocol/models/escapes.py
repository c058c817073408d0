r"""Escapes in regular expressions of ECMAScript, flag `u`: `\n`, `\u{1f600}`, `\d`, `\p{L}` and so on."""

from __future__ import annotations

from typing import Final, NamedTuple

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.models.characters import (
    DIGITS,
    LAST,
    SPACE,
    WORD,
    Range,
    complement,
    is_property,
)
from ceramic_protocol.reasons import Reason

SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/")

_CONTROLS: Final = {"f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_CLASSES: Final = {"d": DIGITS, "s": SPACE, "w": WORD}
_HEX: Final = frozenset("0123456789abcdefABCDEF")


class Escape(NamedTuple):
    """What an escape stands for: one character, or a set of them."""

    code: int | None
    ranges: list[Range]
    properties: list[str]


def refuse(why: str) -> DecodeError:
    """The error for a regular expression that can't be used."""
    return DecodeError(Reason.SCHEMA_VIOLATION, why)


def read_escape(text: str, at: int) -> tuple[Escape, int]:
    """The escape whose backslash stands before `at`, and where it ends.

    Raises:
        DecodeError: there is none.
    """
    char = text[at : at + 1]
    if char.lower() in _CLASSES:
        ranges = _CLASSES[char.lower()]
        return Escape(None, ranges if char.islower() else complement(ranges), []), at + 1
    if char in {"p", "P"}:
        return _read_property(text, at)
    code, end = _read_code(text, at)
    return Escape(code, [(code, code)], []), end


def _read_property(text: str, at: int) -> tuple[Escape, int]:
    end = text.find("}", at)
    name = text[at + 2 : end]
    if text[at + 1 : at + 2] != "{" or end < 0 or not is_property(name):
        raise refuse(f"no known property of characters: \\{text[at : at + 20]}")
    return Escape(None, [], [f"\\{text[at]}{{{name}}}"]), end + 1


def _read_code(text: str, at: int) -> tuple[int, int]:
    char = text[at : at + 1]
    if char in _CONTROLS:
        return _CONTROLS[char], at + 1
    if char == "0" and not text[at + 1 : at + 2].isdecimal():
        return 0, at + 1
    if char == "c" and text[at + 1 : at + 2].isascii() and text[at + 1 : at + 2].isalpha():
        return ord(text[at + 1]) % 32, at + 2
    if char == "x":
        return _hex(text[at + 1 : at + 3], 2), at + 3
    if char == "u":
        return _read_unicode(text, at + 1)
    if char and char in SYNTAX:
        return ord(char), at + 1
    if char.isdecimal() or char == "k":
        raise refuse("regular expression that refers back to a group")
    raise refuse(f"no escape of ECMAScript: \\{char}")


def _read_unicode(text: str, at: int) -> tuple[int, int]:
    if text[at : at + 1] == "{":
        end = text.find("}", at)
        code = _hex(text[at + 1 : end], 0) if end > 0 else LAST + 1
        if code > LAST:
            raise refuse("no code point behind \\u")
        return code, end + 1
    code, end = _hex(text[at : at + 4], 4), at + 4
    if 0xD800 <= code <= 0xDBFF and text[end : end + 2] == "\\u":
        tail = text[end + 2 : end + 6]
        low = int(tail, 16) if len(tail) == 4 and set(tail) <= _HEX else 0
        if 0xDC00 <= low <= 0xDFFF:
            return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), end + 6
    return code, end


def _hex(digits: str, length: int) -> int:
    if not digits or not set(digits) <= _HEX or (length and len(digits) != length) or len(digits) > 100:
        raise refuse("an escape without its hexadecimal digits")
    return int(digits, 16)
