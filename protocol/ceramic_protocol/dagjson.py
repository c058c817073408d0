"""DAG-JSON as ceramic-one writes it into its tables: compact, keys in byte order (api.md 3.4).

Bytes become `{"/":{"bytes":"<base64 without padding>"}}`, links `{"/":"<cid>"}`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import TypeAlias

import orjson

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import EncodeError

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

_PLAIN = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
_INT_RANGE = range(-(1 << 63), 1 << 64)


def to_json(value: object) -> Json:
    """The JSON value that stands for an IPLD value."""
    kind = type(value)
    # Most of a document by far, and the asking below takes its time.
    if kind is str or kind is int:
        return value  # type: ignore[return-value]
    if kind is dict:
        return {str(key): to_json(item) for key, item in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, Cid):
        return {"/": str(value)}
    if isinstance(value, bytes):
        return {"/": {"bytes": base64.b64encode(value).rstrip(b"=").decode("ascii")}}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"DAG-JSON can't hold {value}"
        raise EncodeError(msg)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    msg = f"DAG-JSON can't hold {type(value).__name__}"
    raise EncodeError(msg)


def encode(value: object) -> bytes:
    """DAG-JSON text as UTF-8.

    Raises:
        EncodeError: a number or text that JSON can't hold.
    """
    try:
        text = orjson.dumps(value, default=_tagged, option=_PLAIN)
    except TypeError:
        return dump(to_json(value))
    # A number that JSON can't hold comes out as null as well.
    return dump(to_json(value)) if b"null" in text else text


def _tagged(value: object) -> Json:
    if isinstance(value, bytes):
        return to_json(value)
    raise TypeError


def dump(value: Json) -> bytes:
    """JSON text of a value that is JSON already, keys in byte order.

    Raises:
        EncodeError: a number or text that JSON can't hold.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _dump_with_large_numbers(value)


def _dump_with_large_numbers(value: Json) -> bytes:
    try:
        return orjson.dumps(_with_fragments(value), option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        msg = f"JSON can't hold this: {error}"
        raise EncodeError(msg) from None


def _with_fragments(value: object) -> object:
    """Numbers below -2^63, which CBOR has and orjson refuses, as text that it takes over."""
    if isinstance(value, dict):
        return {key: _with_fragments(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_fragments(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT_RANGE:
        return orjson.Fragment(str(value).encode("ascii"))
    return value
