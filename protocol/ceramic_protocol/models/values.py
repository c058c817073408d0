"""Contents as JavaScript has them: JSON values, whose numbers are floating-point ones."""

from __future__ import annotations

from typing import Any

import orjson

from ceramic_protocol.dagjson import to_json
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.js_numbers import MAX_SAFE_INTEGER
from ceramic_protocol.reasons import Reason


def json_value(content: object) -> tuple[Any, int]:
    """A content as a JSON value, and the bytes of its text; bytes and links are as in DAG-JSON.

    Raises:
        DecodeError: there is a whole number in it beyond those that JavaScript has. To js-ceramic it is no
            number, whatever the schema says, and a state with one can't be stored.
    """
    try:
        return content, len(orjson.dumps(content, option=orjson.OPT_STRICT_INTEGER))
    except TypeError:
        return _slow(content)


def _slow(content: object) -> tuple[Any, int]:
    try:
        value = to_json(content)
        refuse_large_integers(value)
        return value, len(orjson.dumps(value))
    except (EncodeError, TypeError) as error:
        raise DecodeError(Reason.SCHEMA_VIOLATION, f"no JSON value: {error}") from None


def refuse_large_integers(value: object) -> None:
    """Refuse whole numbers that JavaScript can't hold exactly.

    Raises:
        DecodeError: `schema_violation`: there is one.
    """
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, int) and abs(item) > MAX_SAFE_INTEGER:
            raise DecodeError(
                Reason.SCHEMA_VIOLATION, f"the whole number {item} is beyond those of JavaScript"
            )


def is_truthy(value: object) -> bool:
    """Whether a value counts as true in JavaScript, where empty lists and maps do."""
    return bool(value) or isinstance(value, dict | list | bytes)


def depth_of(value: object) -> int:
    """How deeply lists and maps are nested in a JSON value; 1 for anything else."""
    deepest = 0
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict):
            stack += [(each, depth + 1) for each in item.values()]
        elif isinstance(item, list):
            stack += [(each, depth + 1) for each in item]
    return deepest
