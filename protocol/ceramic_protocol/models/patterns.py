"""Regular expressions of ECMAScript, flag `u`, as ones of Rust's engine, whose time is linear in the text.

That engine has no lookaround and no backreferences. Lookaheads right behind a leading `^`, the usual ones,
are taken apart into expressions of their own; whatever else looks around or back is refused, and so is what
ECMAScript refuses. Group names mean nothing where only a match is asked for.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ceramic_protocol.limits import MAX_PATTERN_CHARS, MAX_PATTERN_DEPTH
from ceramic_protocol.models.characters import LINE_ENDS, Range, char_class, literal
from ceramic_protocol.models.escapes import Escape, read_escape, refuse

_BRACES: Final = re.compile(r"\{([0-9]{1,9})(,([0-9]{1,9})?)?\}")
_NAME: Final = re.compile(r"\?<([^>\\]{1,100})>")
_LOOKAROUND: Final = ("?=", "?!", "?<=", "?<!")
_HUGE: Final = 1 << 40

_PLACE_BYTES: Final = 64
_WIDE_BYTES: Final = 1024
_PROPERTY_BYTES: Final = 40 * 1024


class Pattern(NamedTuple):
    """What has to be found in a text, and what must not be, each in Rust's syntax.

    `places` is how many of its places an engine may have to keep at once, `size` an estimate of its bytes.
    """

    found: tuple[str, ...]
    absent: tuple[str, ...] = ()
    places: int = 0
    size: int = 0


class _Piece(NamedTuple):
    text: str
    places: int = 0
    size: int = 0

    def repeated(self, suffix: str, times: int) -> _Piece:
        return _Piece(self.text + suffix, self.places * max(times, 1), self.size * max(times, 1))


def translate(source: str) -> Pattern:
    """A regular expression that is found in the same texts as that of ECMAScript.

    Raises:
        DecodeError: it is no regular expression, or one that this engine doesn't have.
    """
    if len(source) > MAX_PATTERN_CHARS:
        raise refuse(f"regular expression of {len(source)} characters")
    return _Parser(source).whole()


class _Parser:
    """Reads one regular expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._names: set[str] = set()
        self._ahead: dict[str, list[_Piece]] = {"?=": [], "?!": []}

    def whole(self) -> Pattern:
        piece, alternatives = self._disjunction(0)
        if self._at < len(self._text):
            raise refuse("regular expression with a ) too many")
        wanted, unwanted = self._ahead["?="], self._ahead["?!"]
        if (wanted or unwanted) and alternatives > 1:
            raise refuse("regular expression that looks ahead in one of several alternatives")
        pieces = [*wanted, *unwanted, piece]
        found = tuple(f"^(?:{each.text})" for each in wanted)
        absent = tuple(f"^(?:{each.text})" for each in unwanted)
        places, size = sum(each.places for each in pieces), sum(each.size for each in pieces)
        return Pattern((*found, piece.text), absent, places, size)

    def _peek(self, length: int = 1) -> str:
        return self._text[self._at : self._at + length]

    def _disjunction(self, depth: int) -> tuple[_Piece, int]:
        if depth > MAX_PATTERN_DEPTH:
            raise refuse(f"regular expression with groups nested deeper than {MAX_PATTERN_DEPTH}")
        alternatives = [self._alternative(depth)]
        while self._peek() == "|":
            self._at += 1
            alternatives.append(self._alternative(depth))
        return _joined(alternatives, "|"), len(alternatives)

    def _alternative(self, depth: int) -> _Piece:
        pieces: list[_Piece] = []
        is_start = depth == 0
        while self._peek() not in {"", "|", ")"}:
            if self._peek() in {"^", "$"}:
                pieces.append(_Piece(self._peek()))
                self._at += 1
            elif self._peek(2) in {"\\b", "\\B"}:
                pieces.append(_Piece(f"(?-u:{self._peek(2)})"))
                self._at += 2
            elif is_start and self._peek(3) in {"(?=", "(?!"} and [piece.text for piece in pieces] == ["^"]:
                self._look_ahead()
            else:
                pieces.append(self._quantified(self._atom(depth)))
        return _joined(pieces, "")

    def _look_ahead(self) -> None:
        kind = self._peek(3)[1:]
        self._at += 3
        self._ahead[kind].append(self._inside(1))

    def _inside(self, depth: int) -> _Piece:
        """What stands in a group, whose opening has been read."""
        piece, _alternatives = self._disjunction(depth)
        if self._peek() != ")":
            raise refuse("regular expression with a group that isn't closed")
        self._at += 1
        return piece

    def _atom(self, depth: int) -> _Piece:
        char = self._peek()
        self._at += 1
        if char == ".":
            return _Piece(char_class(LINE_ENDS, [], negated=True), 1, _WIDE_BYTES)
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            escape, self._at = read_escape(self._text, self._at)
            return _of_escape(escape)
        if char in "*+?{}]":
            raise refuse(f"regular expression with a {char} out of place")
        return _Piece(literal(ord(char)), 1, _PLACE_BYTES)

    def _group(self, depth: int) -> _Piece:
        name = _NAME.match(self._text, self._at)
        if self._peek(2) == "?:":
            self._at += 2
        elif self._text.startswith(_LOOKAROUND, self._at):
            raise refuse("regular expression that looks ahead or behind, elsewhere than right after ^")
        elif name is not None:
            self._take_name(name[1].replace("$", "_"))
            self._at = name.end()
        elif self._peek() == "?":
            raise refuse("regular expression with an unknown kind of group")
        inside = self._inside(depth + 1)
        return inside._replace(text=f"(?:{inside.text})")

    def _take_name(self, name: str) -> None:
        if not name.isidentifier() or name in self._names:
            raise refuse("regular expression with a group's name twice, or no name")
        self._names.add(name)

    def _class(self) -> _Piece:
        negated = self._peek() == "^"
        self._at += negated
        ranges: list[Range] = []
        properties: list[str] = []
        while self._peek() not in {"]", ""}:
            first = self._class_atom()
            if self._peek() == "-" and self._peek(2) not in {"-]", "-"}:
                self._at += 1
                ranges.append(_range(first.code, self._class_atom().code))
            else:
                ranges += first.ranges
                properties += first.properties
        if not self._peek():
            raise refuse("regular expression with a class that isn't closed")
        self._at += 1
        is_wide = negated or any(last > 0x7F for _first, last in ranges)
        size = len(properties) * _PROPERTY_BYTES + (_WIDE_BYTES if is_wide else _PLACE_BYTES)
        return _Piece(char_class(ranges, properties, negated=negated), 1, size)

    def _class_atom(self) -> Escape:
        char = self._peek()
        self._at += 1
        if char != "\\":
            return Escape(ord(char), [(ord(char), ord(char))], [])
        if self._peek() in {"b", "-"}:
            code = 8 if self._peek() == "b" else 0x2D
            self._at += 1
            return Escape(code, [(code, code)], [])
        escape, self._at = read_escape(self._text, self._at)
        return escape

    def _quantified(self, piece: _Piece) -> _Piece:
        braces = _BRACES.match(self._text, self._at)
        sign = self._peek()
        if sign in {"*", "+", "?"} and sign:
            self._at += 1
            piece = piece.repeated(sign, 1)
        elif braces is not None:
            self._at = braces.end()
            piece = _repeated(piece, braces)
        else:
            return piece
        if self._peek() == "?":
            self._at += 1
            return piece._replace(text=piece.text + "?")
        return piece


def _repeated(piece: _Piece, braces: re.Match[str]) -> _Piece:
    least = int(braces[1])
    most = least if braces[2] is None else int(braces[3]) if braces[3] else None
    if most is not None and most < least:
        raise refuse("regular expression with {a,b} where b is less than a")
    return piece.repeated(braces[0], min(_HUGE, least + 1 if most is None else most))


def _joined(pieces: list[_Piece], by: str) -> _Piece:
    text = by.join(piece.text for piece in pieces)
    return _Piece(text, sum(piece.places for piece in pieces), sum(piece.size for piece in pieces))


def _of_escape(escape: Escape) -> _Piece:
    if escape.code is not None:
        return _Piece(literal(escape.code), 1, _PLACE_BYTES)
    size = _PROPERTY_BYTES if escape.properties else _WIDE_BYTES
    return _Piece(char_class(escape.ranges, escape.properties, negated=False), 1, size)


def _range(first: int | None, last: int | None) -> Range:
    if first is None or last is None or last < first:
        raise refuse("regular expression with a range that has no order")
    return first, last
