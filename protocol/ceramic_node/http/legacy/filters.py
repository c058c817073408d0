"""Filters of collections by what documents say: `queryFilters`, and the older `filter`.

They mean what SQL makes of them, as in js-ceramic: what a document doesn't say, or says as another type than
is asked for, is neither equal nor unequal to anything. Unlike there, all conditions of one `where` have to
hold, and a text that is no number is no error.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import orjson

from ceramic_node.http.legacy.errors import LegacyError
from ceramic_protocol.limits import MAX_LEGACY_CONDITIONS

Content: TypeAlias = Mapping[str, object]
Value: TypeAlias = str | float | bool
Test: TypeAlias = Callable[[Content], bool | None]
"""Whether a content fits; None: that can't be told."""

_ORDERED: Final[Mapping[str, Callable[[float | str, float | str], bool]]] = {
    "lessThan": operator.lt,
    "lessThanOrEqualTo": operator.le,
    "greaterThan": operator.gt,
    "greaterThanOrEqualTo": operator.ge,
}


def read_filters(query: object, older: object) -> Test | None:
    """The test of a request; None if all documents fit.

    Args:
        query: what stands under `queryFilters`.
        older: what stands under `filter`: values that members have to equal.

    Raises:
        LegacyError: they make no sense, or are too many.
    """
    tests: list[Test] = []
    budget = iter(range(MAX_LEGACY_CONDITIONS))
    if query:
        tests.append(_read(query, budget))
    if older:
        members = {name: {"equalTo": value} for name, value in _object(older).items()}
        tests.append(_where(members, budget))
    return _all(tests) if tests else None


def _read(given: object, budget: Iterator[int]) -> Test:
    members = _object(given)
    if len(members) != 1:
        raise LegacyError("a query filter has one member: where, and, or, not")
    ((name, value),) = members.items()
    if name == "where":
        return _where(_object(value), budget)
    if name == "not":
        _take(budget)
        return _negated(_read(value, budget))
    if name not in {"and", "or"} or not isinstance(value, list) or not value:
        raise LegacyError("a query filter has one member: where, and, or, not")
    _take(budget)
    tests = [_read(each, budget) for each in value]
    return _all(tests) if name == "and" else _any(tests)


def _where(members: Content, budget: Iterator[int]) -> Test:
    return _all([_condition(name, _object(value), budget) for name, value in members.items()])


def _condition(member: str, given: Content, budget: Iterator[int]) -> Test:
    _take(budget)
    if len(given) != 1:
        raise LegacyError(f"the filter of {member[:100]!r} has more or less than one condition")
    ((name, value),) = given.items()
    if name == "isNull" and isinstance(value, bool):
        return lambda content: (content.get(member) is None) is value
    if name in {"in", "notIn"} and isinstance(value, list) and 0 < len(value) <= MAX_LEGACY_CONDITIONS:
        found = _any([_equal(member, _plain(member, each)) for each in value])
        return found if name == "in" else _negated(found)
    if name in {"equalTo", "notEqualTo"}:
        found = _equal(member, _plain(member, value))
        return found if name == "equalTo" else _negated(found)
    if name in _ORDERED and not isinstance(value, bool):
        return _compared(member, _plain(member, value), _ORDERED[name])
    raise LegacyError(f"the filter of {member[:100]!r} has no condition that is known here")


def _equal(member: str, wanted: Value) -> Test:
    return _compared(member, wanted, operator.eq)


def _compared(member: str, wanted: Value, compare: Callable[[float | str, float | str], bool]) -> Test:
    def test(content: Content) -> bool | None:
        found = _as_type_of(wanted, content.get(member))
        return None if found is None else compare(found, wanted)

    return test


def _as_type_of(wanted: Value, found: object) -> Value | None:
    """What a document says as a value of the same type, as SQL casts texts; None if it isn't one."""
    if found is None:
        return None
    if isinstance(wanted, bool):
        return found if isinstance(found, bool) else {"true": True, "false": False}.get(str(found))
    if isinstance(wanted, str):
        return found if isinstance(found, str) else orjson.dumps(found).decode()
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        return float(found) if isinstance(found, str) else found
    except ValueError:
        return None


def _plain(member: str, value: object) -> Value:
    if isinstance(value, str | int | float):
        return value
    raise LegacyError(f"the filter of {member[:100]!r} compares with no text, number or truth value")


def _object(value: object) -> Content:
    if isinstance(value, Mapping):
        return value
    raise LegacyError("a filter is no object")


def _take(budget: Iterator[int]) -> None:
    if next(budget, None) is None:
        raise LegacyError(f"a filter has more than {MAX_LEGACY_CONDITIONS} conditions")


def _negated(test: Test) -> Test:
    def negated(content: Content) -> bool | None:
        found = test(content)
        return None if found is None else not found

    return negated


def _all(tests: list[Test]) -> Test:
    def every(content: Content) -> bool | None:
        found = [test(content) for test in tests]
        return False if False in found else None if None in found else True

    return every


def _any(tests: list[Test]) -> Test:
    def some(content: Content) -> bool | None:
        found = [test(content) for test in tests]
        return True if True in found else None if None in found else False

    return some
