"""Cursors: where a row stands in the order of a query, as text that means nothing to its holder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from ceramic_connectors.apps.binding import is_unicode
from ceramic_connectors.apps.kinds import Kind
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_CURSOR_CHARS

_TYPES: Final[dict[Kind, type]] = {
    Kind.TEXT: str,
    Kind.BIGINT: int,
    Kind.TIME: int,
    Kind.DOUBLE: float,
    Kind.BOOLEAN: bool,
}


def query_key(*parts: object) -> str:
    """What tells the orders of two queries apart."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def make_cursor(key: str, values: Sequence[Any]) -> str:
    """The cursor of a row.

    Args:
        key: of the query's order.
        values: what the row is sorted by.
    """
    text = json.dumps([key, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, key: str, kinds: Sequence[Kind]) -> list[Any]:
    """The values in a cursor.

    Raises:
        UsageError: it is none, or one of another query.
    """
    values = _decode(cursor)
    fits = len(values) == len(kinds) + 1 and values[0] == key
    if not fits or not all(map(_is_of, kinds, values[1:])):
        msg = "this is no cursor of this query: take one from a page of the same model, order and joins"
        raise UsageError(msg)
    return values[1:]


def _decode(cursor: str) -> list[Any]:
    if len(cursor) > MAX_CURSOR_CHARS:
        return []
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return []
    return values if isinstance(values, list) else []


def _is_of(kind: Kind, value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return False
    if isinstance(value, str) and ("\0" in value or not is_unicode(value)):
        return False
    return type(value) is _TYPES[kind]
