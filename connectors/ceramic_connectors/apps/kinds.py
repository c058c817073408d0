"""Kinds of columns, and how a value of a document gets into one: exactly, or not at all.

JSON Schema says `integer` of 1.0 and of 10^30 as well, and any text may hold U+0000, which PostgreSQL has no
place for. What doesn't fit stays out of its column, which is null then; `content` has it in any case.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final

from ceramic_protocol import dagjson

_BIGINT: Final = range(-(1 << 63), 1 << 63)
_NUL: Final = "\0"
_EXACT: Final = 2.0**53
_SPECIAL: Final = re.compile(r"\\u0000|[0-9]e\+?[0-9]")
"""What JSON text has if it holds U+0000 or a double so large that it is written with an exponent."""


class Kind(Enum):
    """What a column holds.

    `JSON` is for queries (`jsonb` in PostgreSQL), `DOCUMENT` is JSON as text, kept as it came. `TIME` is a
    moment in whole seconds.
    """

    TEXT = "text"
    BIGINT = "bigint"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    JSON = "json"
    DOCUMENT = "document"
    TIME = "time"

    @property
    def is_json(self) -> bool:
        """Whether values travel as JSON text."""
        return self in {Kind.JSON, Kind.DOCUMENT}


class Unfit(ValueError):
    """A value that a column of its kind can't hold."""


def fit(kind: Kind, value: object) -> Any:
    """The value as a column holds it; JSON as text. Null fits every kind.

    Raises:
        Unfit: the column can't hold exactly this.
    """
    if value is None:
        return None
    if kind is Kind.TEXT:
        return _text(value)
    if kind is Kind.BIGINT:
        return _integer(value)
    if kind is Kind.DOUBLE:
        return _double(value)
    if kind is Kind.BOOLEAN:
        return _boolean(value)
    return _json(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or _NUL in value:
        raise Unfit
    return value


def _integer(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _BIGINT:
        raise Unfit
    return value


def _double(value: object) -> float:
    """The nearest double: a `number` was one when JavaScript wrote it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit
    return float(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit
    return value


def _json(value: Any) -> str:
    text = dagjson.dump(value).decode()
    if not _SPECIAL.search(text):
        return text
    return dagjson.dump(_storable(value)).decode()


def _storable(value: Any) -> Any:
    """The same value as `jsonb` keeps it.

    It keeps decimal digits, not doubles: of a large one all digits are written, lest it come back as another.
    """
    if isinstance(value, dict):
        return {_text(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, str):
        return _text(value)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) >= _EXACT else value
