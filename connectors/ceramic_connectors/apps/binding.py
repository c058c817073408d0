"""Which columns a query means, and whether its values make sense for them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.kinds import Kind, Unfit, fit
from ceramic_connectors.apps.naming import quote
from ceramic_connectors.apps.records import LAST_SECOND
from ceramic_protocol.errors import UsageError


@dataclass(frozen=True, slots=True)
class Bound:
    """A column of a query: its name there, its kind, and its SQL."""

    name: str
    kind: Kind
    sql: str


class Scope:
    """The columns of a query's table and of those joined to it."""

    def __init__(self, label: str) -> None:
        """Begin without any; `label` is what to call the query's table in a sentence."""
        self._label = label
        self._columns: dict[str, Bound] = {}

    def add(self, table: ModelTable, alias: str, prefix: str = "") -> None:
        """Add a table's columns, called with a prefix."""
        for column in table.columns:
            name = prefix + column.name
            if name in self._columns:
                msg = f"there are two columns {name!r}: call the join something else"
                raise UsageError(msg)
            self._columns[name] = Bound(name, column.kind, f"{alias}.{quote(column.name)}")

    def all(self) -> list[Bound]:
        """All columns."""
        return list(self._columns.values())

    def column(self, name: str) -> Bound:
        """A column by its name.

        Raises:
            UsageError: there is none; the sentence has the nearest.
        """
        found = self._columns.get(name)
        if found is None:
            msg = f"{self._label} has no column {name!r}{did_you_mean(name, self._columns)}"
            raise UsageError(msg)
        return found

    def comparable(self, name: str) -> Bound:
        """A column by its name, if its values can be compared.

        Raises:
            UsageError: there is none, or it holds JSON.
        """
        found = self.column(name)
        if found.kind.is_json:
            msg = f"column {name!r} holds JSON, which can't be compared or sorted; ask whether it is null"
            raise UsageError(msg)
        return found


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """The end of a sentence about a name that isn't there: the nearest one, or which ones there are."""
    known = list(names)
    near = get_close_matches(str(name), known, n=1) or _beginning_with(str(name), known)
    if near:
        return f"; did you mean {near[0]!r}?"
    some = ", ".join(repr(each) for each in known[:20])
    return f"; there are {some}" if some else ""


def _beginning_with(name: str, names: Iterable[str]) -> list[str]:
    """The names of which this is the beginning, as `post` is of `post_wfdajdvinr`."""
    return [each for each in names if name and each.casefold().startswith(name.casefold())]


def value_of(column: Bound, value: object) -> Any:
    """A value as it is compared with a column: times as unix seconds, all else as it is.

    Raises:
        UsageError: the column holds no such values.
    """
    if column.kind is Kind.TIME:
        return _seconds(column, value)
    kind = column.kind
    is_wrong_number = kind is Kind.BIGINT and isinstance(value, float)
    is_no_number = isinstance(value, float) and not math.isfinite(value)
    if value is not None and not is_wrong_number and not is_no_number and is_unicode(value):
        with suppress(Unfit):
            return fit(kind, value)
    msg = f"column {column.name!r} ({kind.value}) can't be compared with {value!r:.100}"
    hint = "; ask with is_null" if value is None else ""
    raise UsageError(msg + hint)


def is_unicode(value: object) -> bool:
    """Whether a database can be handed this, if it is text: Python's may hold half of a surrogate pair."""
    return not isinstance(value, str) or not any("\ud800" <= char <= "\udfff" for char in value)


def text_of(column: Bound, value: object) -> str:
    """A pattern for a column of text.

    Raises:
        UsageError: the column holds no text, or this is none.
    """
    if column.kind is not Kind.TEXT:
        msg = f"column {column.name!r} holds no text to be matched"
        raise UsageError(msg)
    text: str = value_of(column, value)
    return text


def _seconds(column: Bound, value: object) -> int:
    if isinstance(value, datetime) and value.tzinfo is not None:
        exact = value.astimezone(UTC)
        if exact.microsecond == 0:
            return int(exact.timestamp())
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LAST_SECOND:
        return value
    msg = (
        f"column {column.name!r} is compared with moments in whole seconds: a datetime with a time zone, or"
        f" unix seconds, not {value!r:.100}"
    )
    raise UsageError(msg)
