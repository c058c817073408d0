r"""Sets of characters in regular expressions: classes that mean the same in ECMAScript and Rust.

`\d`, `\w` and `\s` are larger in Rust than in ECMAScript, and other signs than `]` have a meaning within its
classes. So classes are put together from code points.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Range: TypeAlias = tuple[int, int]
"""First and last code point."""

LAST: Final = 0x10FFFF

DIGITS: Final[list[Range]] = [(0x30, 0x39)]
WORD: Final[list[Range]] = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
SPACE: Final[list[Range]] = [
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
]
LINE_ENDS: Final[list[Range]] = [(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]

_SURROGATES: Final = (0xD800, 0xDFFF)

_NOTHING: Final = "[^\\x{0}-\\x{10ffff}]"

_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_PLAIN_OUTSIDE: Final = _PLAIN | frozenset("-/:@,;=!%'\" <>")

_CATEGORY_NAMES: Final = (
    "C Cc Cf Cn Co L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs "
    "Cased_Letter Close_Punctuation Combining_Mark Connector_Punctuation Control Currency_Symbol "
    "Dash_Punctuation Decimal_Number Enclosing_Mark Final_Punctuation Format Initial_Punctuation Letter "
    "Letter_Number Line_Separator Lowercase_Letter Mark Math_Symbol Modifier_Letter Modifier_Symbol "
    "Nonspacing_Mark Number Open_Punctuation Other Other_Letter Other_Number Other_Punctuation Other_Symbol "
    "Paragraph_Separator Private_Use Punctuation Separator Space_Separator Spacing_Mark Symbol "
    "Titlecase_Letter Unassigned Uppercase_Letter cntrl digit punct"
)
_GENERAL_CATEGORIES: Final = frozenset(_CATEGORY_NAMES.split())
_BINARY_NAMES: Final = (
    "Any Assigned ASCII ASCII_Hex_Digit AHex Alphabetic Alpha Cased Case_Ignorable CI Dash Emoji "
    "Emoji_Component EComp Emoji_Modifier EMod Emoji_Modifier_Base EBase Emoji_Presentation EPres "
    "Extended_Pictographic ExtPict Extender Ext Hex_Digit Hex ID_Continue IDC ID_Start IDS Ideographic Ideo "
    "Lowercase Lower Math Quotation_Mark QMark Regional_Indicator RI Unified_Ideograph UIdeo Uppercase Upper "
    "White_Space space XID_Continue XIDC XID_Start XIDS"
)
_BINARY: Final = frozenset(_BINARY_NAMES.split())
_SCRIPT: Final = re.compile(r"(?:Script|sc|Script_Extensions|scx)=[A-Z][A-Za-z_]{2,40}")
_CATEGORY: Final = re.compile(r"(?:General_Category|gc)=([A-Za-z_]{1,40})")


def is_property(name: str) -> bool:
    r"""Whether `\p{name}` is a property that both languages have under that name."""
    category = _CATEGORY.fullmatch(name)
    if category is not None:
        return category[1] in _GENERAL_CATEGORIES
    return name in _GENERAL_CATEGORIES or name in _BINARY or _SCRIPT.fullmatch(name) is not None


def complement(ranges: list[Range]) -> list[Range]:
    """All code points that are in none of `ranges`, which are sorted and apart."""
    found, start = [], 0
    for first, last in ranges:
        if first > start:
            found.append((start, first - 1))
        start = last + 1
    return [*found, (start, LAST)] if start <= LAST else found


def literal(code: int) -> str:
    """One character outside of a class; a surrogate, which no text holds, is nothing that can be found."""
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        return char_class([], [], negated=False)
    char = chr(code)
    return char if char in _PLAIN_OUTSIDE else f"\\x{{{code:x}}}"


def char_class(ranges: list[Range], properties: list[str], *, negated: bool) -> str:
    """A class of code points and of properties, these in Rust's syntax."""
    items = [_range_text(*each) for whole in ranges for each in _without_surrogates(*whole)] + properties
    if not items:
        return "(?s:.)" if negated else _NOTHING
    return f"[{'^' if negated else ''}{''.join(items)}]"


def _without_surrogates(first: int, last: int) -> list[Range]:
    below = (first, min(last, _SURROGATES[0] - 1))
    above = (max(first, _SURROGATES[1] + 1), last)
    return [part for part in (below, above) if part[0] <= part[1]]


def _range_text(first: int, last: int) -> str:
    return _class_char(first) if first == last else f"{_class_char(first)}-{_class_char(last)}"


def _class_char(code: int) -> str:
    char = chr(code)
    return char if char in _PLAIN else f"\\x{{{code:x}}}"
