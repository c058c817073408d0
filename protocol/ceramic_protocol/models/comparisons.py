"""`formatMinimum` and its like, which ajv-formats adds: an order of dates and times as texts.

What can't be compared is let through, as there: the format itself is checked beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:[zZ]|[+-][0-9]{2}(?::?[0-9]{2})?)?")
_SEPARATOR: Final = re.compile(r"[tT\s]")


def _order(left: str, right: str) -> int:
    return (left > right) - (left < right)


def _order_of_dates(left: str, right: str) -> int | None:
    return _order(left, right) if left and right else None


def _order_of_times(left: str, right: str) -> int | None:
    one, other = _TIME.fullmatch(left), _TIME.fullmatch(right)
    if one is None or other is None:
        return None
    return _order(
        "".join(part or "" for part in one.groups()), "".join(part or "" for part in other.groups())
    )


def _order_of_both(left: str, right: str) -> int | None:
    one, other = [*_SEPARATOR.split(left), ""], [*_SEPARATOR.split(right), ""]
    return _order_of_dates(one[0], other[0]) or (
        _order_of_times(one[1], other[1]) if one[0] and other[0] else None
    )


_ORDERS: Final[Mapping[str, Callable[[str, str], int | None]]] = {
    "date": _order_of_dates,
    "time": _order_of_times,
    "date-time": _order_of_both,
}


class _Limit:
    """One of the keywords; its value here is the format and the limit."""

    allowed: ClassVar[frozenset[int]]
    sign: ClassVar[str]

    def __init__(self, _parent: Mapping[str, Any], value: list[str], _path: object) -> None:
        self._order = _ORDERS[value[0]]
        self._limit = value[1]

    def validate(self, instance: object) -> None:
        """Raise `ValueError` for a text beyond the limit."""
        if isinstance(instance, str):
            order = self._order(instance, self._limit)
            if order is not None and order not in self.allowed:
                msg = f"should be {self.sign} {self._limit[:80]}"
                raise ValueError(msg)


class _Maximum(_Limit):
    allowed = frozenset({-1, 0})
    sign = "<="


class _Minimum(_Limit):
    allowed = frozenset({0, 1})
    sign = ">="


class _ExclusiveMaximum(_Limit):
    allowed = frozenset({-1})
    sign = "<"


class _ExclusiveMinimum(_Limit):
    allowed = frozenset({1})
    sign = ">"


FORMAT_LIMITS: Final[Mapping[str, type[_Limit]]] = {
    "formatMaximum": _Maximum,
    "formatMinimum": _Minimum,
    "formatExclusiveMaximum": _ExclusiveMaximum,
    "formatExclusiveMinimum": _ExclusiveMinimum,
}
