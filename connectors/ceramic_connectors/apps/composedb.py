"""ComposeDB's own words: its filters as JSON, and the views that a model declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ceramic_connectors.apps.binding import did_you_mean
from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.conditions import AllOf, AnyOf, Condition, Field, Not, field
from ceramic_connectors.apps.query import Join
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_FILTER_DEPTH

_OPERATORS: Final[dict[str, Callable[[Field, Any], Condition]]] = {
    "isNull": lambda column, value: column.is_null() if value else column.not_null(),
    "equalTo": Field.eq,
    "notEqualTo": Field.ne,
    "in": Field.is_in,
    "notIn": Field.not_in,
    "lessThan": Field.lt,
    "lessThanOrEqualTo": Field.le,
    "greaterThan": Field.gt,
    "greaterThanOrEqualTo": Field.ge,
}
_COLUMNS_OF_VIEWS: Final = {"documentAccount": "controller", "documentVersion": "tip"}


def parse_filters(filters: Mapping[str, Any]) -> Condition:
    """The condition in `queryFilters` or GraphQL's `filters` of ComposeDB.

    That is `{"where": {field: {operator: value}}}`, `{"and": […]}`, `{"or": […]}` or `{"not": …}`; several
    members must all hold. Unlike there, `notIn` means what it says, and ranges may have any number of bounds.

    Raises:
        UsageError: it has another form.
    """
    return _filters(filters, 0)


def join_of_view(table: ModelTable, view: str) -> Join:
    """The join that gives what a view of a model shows, called as the view.

    Raises:
        UsageError: there is no such view, or it shows a column that is there without a join.
    """
    if view not in table.views:
        msg = f"{table.label} has no view {view!r}{did_you_mean(view, table.views)}"
        raise UsageError(msg)
    declared = table.views[view]
    kind, model, relation = (declared.get(name) for name in ("type", "model", "property"))
    if isinstance(kind, str) and kind in _COLUMNS_OF_VIEWS:
        msg = f"the view {view!r} is the column {_COLUMNS_OF_VIEWS[kind]!r}"
        raise UsageError(msg)
    model = model if isinstance(model, str) else None
    if kind == "relationDocument" and isinstance(relation, str):
        return Join.follow(relation, model=model, name=view)
    if isinstance(kind, str) and kind.startswith("relation") and isinstance(relation, str) and model:
        return Join.referring(model, relation, name=view)
    msg = f"the view {view!r} of {table.label} is of a kind that isn't known: {kind!r:.100}"
    raise UsageError(msg)


def _filters(filters: object, depth: int) -> Condition:
    if not isinstance(filters, Mapping) or depth > MAX_FILTER_DEPTH:
        msg = f"no filter: {filters!r:.100}"
        raise UsageError(msg)
    parts = [_part(name, value, depth + 1) for name, value in filters.items()]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _part(name: str, value: Any, depth: int) -> Condition:
    if name == "not":
        return Not(_filters(value, depth))
    if name in {"and", "or"} and isinstance(value, list):
        parts = tuple(_filters(part, depth) for part in value)
        return AllOf(parts) if name == "and" else AnyOf(parts)
    if name == "where" and isinstance(value, Mapping):
        return AllOf(tuple(_where(column, tests) for column, tests in value.items()))
    msg = f"no filter: {name!r:.100}; there are where, and, or, not"
    raise UsageError(msg)


def _where(column: str, tests: object) -> Condition:
    if not isinstance(tests, Mapping):
        msg = f"no comparison for {column!r}: {tests!r:.100}"
        raise UsageError(msg)
    for name, value in tests.items():
        if name not in _OPERATORS:
            msg = f"no operator {name!r:.100}{did_you_mean(name, _OPERATORS)}"
            raise UsageError(msg)
        if name in {"in", "notIn"} and not isinstance(value, list):
            msg = f"{name} takes a list, not {value!r:.100}"
            raise UsageError(msg)
    return AllOf(tuple(_OPERATORS[name](field(column), value) for name, value in tests.items()))
