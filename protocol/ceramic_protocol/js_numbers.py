"""Numbers as JavaScript has them, so that content gets the bytes that the SDK gives it (events.md 8.3)."""

from __future__ import annotations

from typing import Any, Final

from ceramic_protocol.errors import EncodeError
from ceramic_protocol.limits import MAX_CBOR_DEPTH

MAX_SAFE_INTEGER: Final = (1 << 53) - 1
"""Largest whole number that JavaScript encodes as an integer."""

_OTHER: Final = (str, bool, bytes, type(None))


def js_numbers(value: Any) -> Any:
    """`value` with the numbers that JavaScript would have read from its JSON; everything else is kept.

    Whole floats up to 2^53 - 1 become integers (-0.0 becomes 0), integers beyond that become floats.

    Raises:
        EncodeError: an integer beyond the range of floats, or lists and maps nested too deeply.
    """
    return _convert(value, MAX_CBOR_DEPTH)


def _convert(value: Any, depth: int) -> Any:
    if isinstance(value, _OTHER):
        return value
    if isinstance(value, dict):
        _check_depth(depth)
        return {key: _convert(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        _check_depth(depth)
        return [_convert(item, depth - 1) for item in value]
    if isinstance(value, int):
        return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else _to_float(value)
    if isinstance(value, float) and value.is_integer() and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return int(value)
    return value


def _check_depth(depth: int) -> None:
    if depth <= 0:
        msg = f"value is nested deeper than {MAX_CBOR_DEPTH}"
        raise EncodeError(msg)


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        msg = f"a number of {value.bit_length()} bits is beyond the range of floats"
        raise EncodeError(msg) from None
