"""From a query to SQL: names are looked up and quoted, values are parameters, always."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ceramic_connectors.apps.binding import Bound, Scope, text_of, value_of
from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.conditions import AllOf, AnyOf, Compare, Condition, In, IsNull, Like, Not, Op
from ceramic_connectors.apps.cursors import query_key
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.naming import quote
from ceramic_connectors.apps.query import Join, Order, Query
from ceramic_protocol.errors import UsageError

Lookup: TypeAlias = Callable[[str], ModelTable]
"""Finds a model's table; raises `UsageError` if there is none."""


@dataclass(frozen=True, slots=True)
class Key:
    """A column that rows are sorted by."""

    column: Bound
    descending: bool

    def sql(self, *, backward: bool) -> str:
        """The member of ORDER BY. Null is last, so first where the order is turned round."""
        down = self.descending is not backward
        return f"{self.column.sql} {'DESC' if down else 'ASC'} NULLS {'FIRST' if backward else 'LAST'}"


class Compiled:
    """A query whose tables and columns were found; makes conditions and collects their parameters."""

    def __init__(self, query: Query, lookup: Lookup) -> None:
        self.values: list[Any] = []
        table = lookup(query.model)
        self.scope = Scope(table.label)
        self.scope.add(table, "t0")
        self._tables = {"": table}
        self.source = f"{quote(table.name)} AS t0"
        for number, join in enumerate(query.joins, 1):
            self.source += self._join(join, f"t{number}", lookup)
        self.keys = self._keys(query)
        shape = [(join.name, join.left, join.right, self._tables[join.name].model) for join in query.joins]
        order = [(key.column.name, key.descending) for key in self.keys]
        self.cursor_key = query_key(table.model, order, shape)

    def where(self, *conditions: str | None) -> str:
        """A WHERE of what is asked for, if anything."""
        given = [condition for condition in conditions if condition is not None]
        return f"WHERE {' AND '.join(given)}" if given else ""

    def _join(self, join: Join, alias: str, lookup: Lookup) -> str:
        left = self.scope.column(join.left)
        table = lookup(join.model or self._related(join))
        self._tables[join.name] = table
        self.scope.add(table, alias, f"{join.name}.")
        right = self.scope.column(f"{join.name}.{join.right}")
        if (left.kind, right.kind) != (Kind.TEXT, Kind.TEXT):
            msg = f"{left.name!r} and {right.name!r} can't be joined: both must be text"
            raise UsageError(msg)
        way = "JOIN" if join.required else "LEFT JOIN"
        return f" {way} {quote(table.name)} AS {alias} ON {left.sql} = {right.sql}"

    def _related(self, join: Join) -> str:
        """The model that a join's relation refers to."""
        prefix, _, name = join.left.rpartition(".")
        table = self._tables.get(prefix)
        columns = () if table is None else table.fields
        field = next((column.field for column in columns if column.name == name), None)
        relation = None if table is None or field is None else table.relations.get(field)
        if relation is None or relation.model is None:
            msg = f"{join.left!r} is no relation to documents of one model: say which model to join"
            raise UsageError(msg)
        return relation.model

    def _keys(self, query: Query) -> list[Key]:
        """What to sort by, down to what tells any two rows apart."""
        many = [join.name for join in query.joins if join.right != "stream_id"]
        last = [Order(name) for name in ("stream_id", *(f"{join}.stream_id" for join in many))]
        found: dict[str, Key] = {}
        for order in (*query.order_by, *last):
            found.setdefault(order.column, Key(self.scope.comparable(order.column), order.descending))
        return list(found.values())

    def parameter(self, value: object) -> str:
        """Add a value; gives what stands for it in the SQL."""
        self.values.append(value)
        return f"${len(self.values)}"

    def condition(self, condition: Condition) -> str:
        """The SQL of a condition.

        Raises:
            UsageError: a column isn't there, or a value doesn't suit it.
        """
        if isinstance(condition, Compare):
            return self._compare(condition)
        if isinstance(condition, In):
            return self._in(condition)
        if isinstance(condition, IsNull):
            return f"({self.scope.column(condition.column).sql} IS NULL)"
        if isinstance(condition, Like):
            return self._like(condition)
        if isinstance(condition, Not):
            return f"(NOT {self.condition(condition.part)})"
        if isinstance(condition, AllOf):
            return self._joined(" AND ", condition.parts, "TRUE")
        if isinstance(condition, AnyOf):
            return self._joined(" OR ", condition.parts, "FALSE")
        msg = f"no condition: {condition!r:.100}"
        raise UsageError(msg)

    def _compare(self, condition: Compare) -> str:
        column = self.scope.comparable(condition.column)
        return self._is(column, condition.op, value_of(column, condition.value))

    def _is(self, column: Bound, op: Op, value: object) -> str:
        return f"({column.sql} {op.value} {self._stored(column, self.parameter(value))})"

    def _stored(self, column: Bound, parameter: str) -> str:
        return f"to_timestamp({parameter})" if column.kind is Kind.TIME else parameter

    def _in(self, condition: In) -> str:
        column = self.scope.comparable(condition.column)
        if not condition.values:
            return "FALSE"
        stored = carried_for_list(column)
        values = [value_of(column, value) for value in condition.values]
        return f"({stored} = ANY({self.parameter(values)}))"

    def _like(self, condition: Like) -> str:
        column = self.scope.column(condition.column)
        pattern = text_of(column, condition.pattern)
        if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            msg = f"a pattern can't end in a single backslash: {pattern!r:.100}"
            raise UsageError(msg)
        return f"({column.sql} LIKE {self.parameter(pattern)} ESCAPE '\\')"

    def _joined(self, operator: str, parts: Sequence[Condition], nothing: str) -> str:
        return f"({operator.join(map(self.condition, parts))})" if parts else nothing

    def beyond(self, values: Sequence[Any], *, backward: bool) -> str:
        """That a row comes behind the one with these values of the keys, or before it."""
        alternatives = []
        for index, (key, value) in enumerate(zip(self.keys, values, strict=True)):
            further = self._further(key, value, backward=backward)
            if further is not None:
                equal = map(self._equal, self.keys[:index], values)
                alternatives.append(" AND ".join([*equal, further]))
        return f"({' OR '.join(alternatives)})" if alternatives else "FALSE"

    def _equal(self, key: Key, value: object) -> str:
        return f"{key.column.sql} IS NULL" if value is None else self._is(key.column, Op.EQ, value)

    def _further(self, key: Key, value: object, *, backward: bool) -> str | None:
        if value is None:
            # Null is last: nothing lies behind it, everything else before it.
            return f"{key.column.sql} IS NOT NULL" if backward else None
        op = Op.LT if key.descending is not backward else Op.GT
        found = self._is(key.column, op, value)
        return found if backward else f"({found} OR {key.column.sql} IS NULL)"


def carried_for_list(column: Bound) -> str:
    """A column as it is compared with a list of values."""
    if column.kind is Kind.TIME:
        return f"CAST(EXTRACT(EPOCH FROM {column.sql}) AS BIGINT)"
    return column.sql
