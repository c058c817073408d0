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

_INT_RANGE = range(-(1 << 63), 1 << 64)


def to_json(value: object) -> Json:
    """The JSON value that stands for an IPLD value."""
    if isinstance(value, Cid):
        return {"/": str(value)}
    if isinstance(value, bytes):
        return {"/": {"bytes": base64.b64encode(value).rstrip(b"=").decode("ascii")}}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    msg = f"DAG-JSON can't hold {type(value).__name__}"
    raise EncodeError(msg)


def encode(value: object) -> bytes:
    """DAG-JSON text as UTF-8.

    Raises:
        EncodeError: a number or text that JSON can't hold.
    """
    return dump(to_json(value))


def dump(value: Json) -> bytes:
    """JSON text of a value that is JSON already, keys in byte order.

    Raises:
        EncodeError: a number or text that JSON can't hold.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        return _dump_slowly(value, error)


def _dump_slowly(value: Json, cause: Exception) -> bytes:
    """Numbers below -2^63, which orjson refuses, and clear words for all else."""
    if isinstance(value, dict):
        parts = (dump(key) + b":" + dump(value[key]) for key in sorted(value, key=_key_bytes))
        return b"{" + b",".join(parts) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(dump(item) for item in value) + b"]"
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT_RANGE:
        return str(value).encode("ascii")
    if isinstance(value, float) and not math.isfinite(value):
        msg = f"JSON can't hold {value}"
        raise EncodeError(msg)
    msg = f"JSON can't hold this: {cause}"
    raise EncodeError(msg)


def _key_bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
