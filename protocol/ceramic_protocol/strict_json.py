"""JSON from outside, where two readers must not understand two things."""

from __future__ import annotations

import json
from typing import NoReturn


def load(data: bytes) -> object:
    """The value of a JSON text in UTF-8.

    Raises:
        ValueError: no such text; a member stands there twice; NaN or Infinity, which JSON doesn't have; half
            of a surrogate pair, which no text that leaves this program may have; or too deep a nesting.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError(str(error)) from None
    return value


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "a member stands there twice"
        raise ValueError(msg)
    return members


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)
