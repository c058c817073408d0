"""JSON as it is sent."""

from __future__ import annotations

from typing import Any

import orjson

from ceramic_node.states.records import storable


def dumps(value: Any) -> bytes:
    """JSON text of a value, whatever texts stand in it."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(_made_whole(value))


def _made_whole(value: Any) -> Any:
    """The value without halves of surrogate pairs, which JSON in events may bring and UTF-8 can't hold."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _made_whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_made_whole(item) for item in value]
    return value


def lines(values: list[Any]) -> bytes:
    """A line of JSON for each value."""
    return b"".join(dumps(value) + b"\n" for value in values)
