"""From DAG-JSON text to an IPLD value: what `dagjson.encode` writes, and what others write as DAG-JSON.

The specification (ipld.io, "DAG-JSON") wants whitespace and any order of keys to be read, since old data has
them. Everything else is strict: one text for each link and byte string, no double keys, no number that
DAG-CBOR could not hold, none of the forms that it reserves around the key `/`.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.limits import MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH
from ceramic_protocol.reasons import Reason

MAX_DEPTH: Final = MAX_DOCUMENT_DEPTH + 1
"""Nesting of lists and maps: the deepest document, and around it the map of its metadata and content."""

_RESERVED: Final = "/"
_BYTES: Final = "bytes"
_INT_RANGE: Final = range(-(1 << 64), 1 << 64)
_MAX_INT_CHARS: Final = 21


def decode(text: bytes) -> IpldValue:
    """The value of a DAG-JSON text in UTF-8.

    Digits alone are an integer, with a point or an exponent a float, as in Python.

    Raises:
        DecodeError: `event_malformed`: no DAG-JSON, or over a limit.
    """
    if len(text) > MAX_DOCUMENT_BYTES:
        raise _fail(f"text of {len(text)} bytes")
    try:
        return _value(_parse(text.decode("utf-8")), MAX_DEPTH)
    except RecursionError:
        raise _fail(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise _fail(str(error)) from None


def _fail(detail: str) -> DecodeError:
    return DecodeError(Reason.EVENT_MALFORMED, f"DAG-JSON: {detail}")


def _parse(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_no_doubles,
        parse_int=_integer,
        parse_float=_finite,
        parse_constant=_no_constant,
    )


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _fail("a map has a key twice")
    return members


def _integer(digits: str) -> int:
    # The length first: Python takes quadratic time for long numbers, or refuses them, as it is set up.
    if len(digits) > _MAX_INT_CHARS or (number := int(digits)) not in _INT_RANGE:
        raise _fail(f"{digits[:40]} does not fit 64 bits")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _fail(f"{digits[:40]} is beyond the range of floats")
    return number


def _no_constant(name: str) -> NoReturn:
    raise _fail(f"{name} is no number")


def _value(value: Any, depth: int) -> IpldValue:
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, dict | list):
        scalar: bool | float | None = value
        return scalar
    if isinstance(value, dict) and _leads(_RESERVED, value):
        found = _link_or_bytes(value)
        if found is not None:
            return found
    if depth <= 0:
        raise _fail(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return [_value(item, depth - 1) for item in value]
    return {_text(key): _value(item, depth - 1) for key, item in value.items()}


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            # JSON can spell surrogates, which no text that leaves this program may have.
            raise _fail("text is not Unicode") from None
    return value


def _leads(key: str, value: dict[str, Any]) -> bool:
    """Whether a key is the first of a map, as it stands there or as it would be written."""
    return key in value and (next(iter(value)) == key or min(value) == key)


def _link_or_bytes(value: dict[str, Any]) -> Cid | bytes | None:
    """What a map stands for whose first key is `/`; None if it has none of the reserved forms."""
    inner = value[_RESERVED]
    if isinstance(inner, str):
        if len(value) > 1:
            raise _fail("a link has other members beside it")
        return _link(inner)
    if isinstance(inner, dict) and isinstance(inner.get(_BYTES), str) and _leads(_BYTES, inner):
        if len(value) > 1 or len(inner) > 1:
            raise _fail("bytes have other members beside them")
        return _bytes(inner[_BYTES])
    return None


def _link(text: str) -> Cid:
    try:
        cid = Cid.parse(text)
    except IdentifierError as error:
        raise _fail(f"link: {error}") from None
    if str(cid) != text:
        raise _fail("a link's CID is in another base than base32, or base58 for version 0")
    return cid


def _bytes(text: str) -> bytes:
    try:
        return multibase.decode(f"m{text}")
    except IdentifierError as error:
        raise _fail(f"bytes: {error}") from None
