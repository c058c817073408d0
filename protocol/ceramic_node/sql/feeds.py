"""Queries on tables that have no end: which ones can be answered row by row, and how many rows they want."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, NoReturn

from ceramic_node.sql.failures import SqlRefused
from ceramic_node.sql.schemas import FEEDS
from ceramic_node.sql.syntax import Tree, column_of, kind, nodes, path_of, query_of

_ENDLESS: Final = "{} has no end, so {} on it would never be answered; ask {}"


class Count(NamedTuple):
    """A number of rows: itself, or the parameter that has it."""

    value: int
    parameter: int | None = None

    def of(self, values: list[Any]) -> int:
        """The number, with the values of the parameters.

        Raises:
            SqlRefused: it is none.
        """
        if self.parameter is None:
            return self.value
        value = values[self.parameter - 1]
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise SqlRefused(f"LIMIT and OFFSET take a number of rows, not {str(value)[:50]!r}")
        return value


class Feed(NamedTuple):
    """What a query asks of a table without end.

    Attributes:
        table: with what is there already.
        order: the column that orders it.
        limit: after how many rows the answer ends; None: never.
        offset: how many rows are left out first.
    """

    table: str
    order: str
    limit: Count | None
    offset: Count


def feed_of(tree: Tree, tables: list[Tree], aggregates: frozenset[str]) -> Feed | None:
    """The feed that a statement reads, if it reads one. What counts its rows is taken out of the tree.

    Args:
        tree: the statement, vetted.
        tables: the places where it names tables.
        aggregates: names of functions that need all rows.

    Raises:
        SqlRefused: it can't be answered before the feed ends.
    """
    feeds = [part for part in tables if path_of(part)[-1] in FEEDS]
    if not feeds:
        return None
    name = path_of(feeds[0])[-1]
    table, order = FEEDS[name]
    if len(feeds) > 1:
        raise SqlRefused("name one feed in a statement, once")
    if any(part.get("show_type") for part in nodes(tree)):
        return None
    query = query_of(tree)
    limit, offset = _take_counts(query, order)
    _check(query, feeds[0], name, table, aggregates)
    return Feed(table, order, limit, offset)


def _take_counts(query: Tree, order: str) -> tuple[Count | None, Count]:
    limit: Count | None = None
    offset, kept = Count(0), []
    for modifier in query.get("modifiers") or ():
        if kind(modifier) == "LIMIT_MODIFIER" and modifier.get("limit_type") == "ROW_COUNT":
            limit = None if modifier.get("limit") is None else _count(modifier["limit"])
            offset = Count(0) if modifier.get("offset") is None else _count(modifier["offset"])
        elif not _is_natural(modifier, order):
            kept.append(modifier)
    query["modifiers"] = kept
    return limit, offset


def _is_natural(modifier: Tree, order: str) -> bool:
    """Whether that is the order in which the rows come anyway."""
    orders = modifier.get("orders") or []
    return (
        kind(modifier) == "ORDER_MODIFIER"
        and len(orders) == 1
        and kind(orders[0]) in {"ORDER_DEFAULT", "ASCENDING"}
        and column_of(orders[0]["expression"]) == order
    )


def _count(part: Tree) -> Count:
    if kind(part) == "VALUE_PARAMETER":
        return Count(0, int(part["identifier"]))
    literal = part.get("literal") or {}
    text = str(literal.get("text", ""))
    if literal.get("kind") == "INTEGER" and text.isascii() and text.isdigit():
        return Count(int(text))
    raise SqlRefused("on a feed, LIMIT and OFFSET take a number or a parameter")


def _check(query: Tree, feed: Tree, name: str, table: str, aggregates: frozenset[str]) -> None:
    """Go down from a query to the feed, and refuse what would have to wait for its end."""

    def refuse(what: str) -> NoReturn:
        raise SqlRefused(_ENDLESS.format(name, what, table))

    while query is not feed:
        found = kind(query)
        if found == "SELECT_NODE":
            if query.get("modifiers"):
                refuse("ORDER BY, DISTINCT or an inner LIMIT")
            if query.get("group_expressions") or query.get("having") or query.get("qualify"):
                refuse("GROUP BY, HAVING or QUALIFY")
            if query.get("sample") or _has_aggregate(query.get("select_list"), aggregates):
                refuse("an aggregate, a window or a sample")
            query = _below(query, "from_table", feed)
        elif found == "SUBQUERY":
            query = query["subquery"]["node"]
        elif found == "JOIN":
            side = _joined(query, feed)
            if side is None:
                refuse("such a join")
            query = side
        else:
            refuse("this")


def _below(query: Tree, name: str, feed: Tree) -> Tree:
    below = query.get(name)
    if not isinstance(below, dict) or not _holds(below, feed):
        raise SqlRefused("a feed has to be named after FROM")
    return below


def _joined(join: Tree, feed: Tree) -> Tree | None:
    """The side of a join that has the feed, if that side can be gone through row by row."""
    left: Tree = join["left"]
    right: Tree = join["right"]
    is_plain = join.get("ref_type") in {"REGULAR", "CROSS", "NATURAL"}
    if is_plain and _holds(left, feed) and join.get("join_type") in {"INNER", "LEFT", "SEMI", "ANTI"}:
        return left
    if is_plain and _holds(right, feed) and join.get("join_type") in {"INNER", "RIGHT"}:
        return right
    return None


def _holds(tree: Tree, part: Tree) -> bool:
    return any(each is part for each in nodes(tree))


def _has_aggregate(items: Any, aggregates: frozenset[str]) -> bool:
    """Whether one of the columns is an aggregate or a window; queries within have rows of their own."""
    waiting = list(items or ())
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict) and kind(part) != "SUBQUERY":
            if part.get("class") == "WINDOW" or part.get("function_name") in aggregates:
                return True
            waiting.extend(part.values())
    return False
