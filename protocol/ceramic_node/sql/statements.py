"""A statement, looked at once: what is run, what it takes, and what of its columns is known beforehand."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pyarrow as pa

from ceramic_node.sql.feeds import Feed, feed_of
from ceramic_node.sql.parameters import parameter_numbers, parameter_schema
from ceramic_node.sql.rewriting import rewrite
from ceramic_node.sql.schemas import TABLES
from ceramic_node.sql.syntax import Tree, column_of, kind, parse, path_of, query_of, write
from ceramic_node.sql.vetting import allowed_functions, vet

_AGGREGATES: Final = (
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'"
)


class Statement(NamedTuple):
    """A statement that may be run.

    Attributes:
        sql: what DuckDB runs.
        parameters: names and types of what it takes.
        feed: the table without end that it reads, if it reads one.
        required: names of columns of its answer that are never null.
        used: numbers of the parameters that DuckDB gets; `LIMIT` of a feed isn't its business.
    """

    sql: str
    parameters: pa.Schema
    feed: Feed | None
    required: frozenset[str]
    used: frozenset[int]

    def arguments(self, values: list[Any]) -> dict[str, Any] | None:
        """What DuckDB gets of the values of all parameters; None if it is nothing."""
        return {str(number): values[number - 1] for number in self.used} or None


class Dialect:
    """What is let through, as far as it depends on the version of DuckDB."""

    def __init__(self, connection: Any) -> None:
        """Ask a database that has all of our functions."""
        self._functions = allowed_functions(connection)
        self._aggregates = frozenset(name for (name,) in connection.execute(_AGGREGATES).fetchall())

    def read(self, connection: Any, sql: str) -> Statement:
        """Look at a statement.

        Raises:
            SqlRefused: it isn't let through.
            SqlWrong: it has an error in it.
        """
        tree = parse(connection, sql)
        tables = vet(tree, self._functions)
        parameters = parameter_schema(tree)
        feed = feed_of(tree, tables, self._aggregates)
        required = _required(query_of(tree))
        # What isn't changed is run as it was written.
        if rewrite(tree) or feed is not None:
            sql = write(connection, tree)
        return Statement(sql, parameters, feed, required, parameter_numbers(tree))


def _required(query: Tree) -> frozenset[str]:
    """Columns that come from a single table as they are, and are never null there."""
    source = query.get("from_table")
    if kind(query) != "SELECT_NODE" or kind(source) != "BASE_TABLE" or not isinstance(source, dict):
        return frozenset()
    schema = TABLES.get(path_of(source)[-1])
    if schema is None or (len(path_of(source)) == 1 and _is_shadowed(query, path_of(source)[0])):
        return frozenset()
    found: set[str] = set()
    for item in query.get("select_list") or ():
        if kind(item) == "STAR" and not item.get("replace_list") and not item.get("rename_list"):
            found |= {field.name for field in schema if not field.nullable}
        elif (name := column_of(item)) is not None and not item.get("alias"):
            found |= {field.name for field in schema if field.name == name and not field.nullable}
    # What is calculated may have taken such a name.
    return frozenset(found - {str(item.get("alias", "")).lower() for item in query.get("select_list") or ()})


def _is_shadowed(query: Tree, name: str) -> bool:
    return any(str(entry["key"]).lower() == name for entry in query["cte_map"]["map"])
