"""JSON from outside, where two readers must not understand two things."""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

from ceramic_protocol.limits import MAX_JSON_DEPTH

_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SIGNS: Final = re.compile(rb"[\[\]{}]")


def load(data: bytes) -> object:
    """The value of a JSON text in UTF-8, nested no deeper than `MAX_JSON_DEPTH`.

    Raises:
        ValueError: no such text; a member stands there twice; NaN or Infinity, which JSON doesn't have; or
            half of a surrogate pair, which no text that leaves this program may have.
    """
    # Python's own limit depends on its release and on who calls.
    if data.count(b"[") + data.count(b"{") > MAX_JSON_DEPTH and _depth(data) > MAX_JSON_DEPTH:
        msg = f"nested deeper than {MAX_JSON_DEPTH}"
        raise ValueError(msg)
    value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _depth(data: bytes) -> int:
    deepest = depth = 0
    for sign in _SIGNS.findall(_TEXT.sub(b"", data)):
        depth += 1 if sign in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "a member stands there twice"
        raise ValueError(msg)
    return members


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)
