"""Conditions on rows, built from `field(…)` and combined with `&`, `|` and `~`.

They mean what they do in SQL: no comparison is true of null, `ne` and `not_in` included; ask for it with
`is_null`. Names of columns and types of values are looked at when a query runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class Op(Enum):
    """Comparisons, by their SQL."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Condition:
    """What a row must fulfil."""

    def __and__(self, other: Condition) -> Condition:
        return AllOf((self, other))

    def __or__(self, other: Condition) -> Condition:
        return AnyOf((self, other))

    def __invert__(self) -> Condition:
        return Not(self)


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """A column compared with a value."""

    column: str
    op: Op
    value: Any


@dataclass(frozen=True, slots=True)
class In(Condition):
    """A column has one of these values; with none of them, nothing has."""

    column: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class IsNull(Condition):
    """A column is null."""

    column: str


@dataclass(frozen=True, slots=True)
class Like(Condition):
    r"""A text matches a pattern: `%` for any characters, `_` for one, `\` before one of these or itself."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """All of these; true without any."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one of these; false without any."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """Not this one; of what is neither true nor false, as a comparison with null, neither."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or `join.column` of a joined table."""

    column: str

    def eq(self, value: Any) -> Condition:
        """Equal to a value."""
        return Compare(self.column, Op.EQ, value)

    def ne(self, value: Any) -> Condition:
        """Has another value."""
        return Compare(self.column, Op.NE, value)

    def lt(self, value: Any) -> Condition:
        """Less than a value."""
        return Compare(self.column, Op.LT, value)

    def le(self, value: Any) -> Condition:
        """Less than a value, or equal."""
        return Compare(self.column, Op.LE, value)

    def gt(self, value: Any) -> Condition:
        """Greater than a value."""
        return Compare(self.column, Op.GT, value)

    def ge(self, value: Any) -> Condition:
        """Greater than a value, or equal."""
        return Compare(self.column, Op.GE, value)

    def is_in(self, values: Iterable[Any]) -> Condition:
        """Equal to one of these."""
        return In(self.column, tuple(values))

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Has a value that is none of these."""
        return Not(In(self.column, tuple(values)))

    def is_null(self) -> Condition:
        """Has no value."""
        return IsNull(self.column)

    def not_null(self) -> Condition:
        """Has a value."""
        return Not(IsNull(self.column))

    def like(self, pattern: str) -> Condition:
        r"""Matches `%` and `_` as in SQL, escaped by `\`; capitals matter."""
        return Like(self.column, pattern)

    def starts_with(self, text: str) -> Condition:
        """Begins with this text."""
        return Like(self.column, text.translate(_ESCAPED) + "%")

    def contains(self, text: str) -> Condition:
        """Has this text in it."""
        return Like(self.column, "%" + text.translate(_ESCAPED) + "%")


def field(column: str) -> Field:
    """A column by its name, of which something is to be said: `field("likes").ge(3)`."""
    return Field(column)
