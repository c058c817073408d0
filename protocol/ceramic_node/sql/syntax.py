"""Statements as trees, as DuckDB's own parser makes them, and walks through them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from ceramic_node.sql.failures import SqlRefused, SqlWrong
from ceramic_protocol.limits import MAX_SQL_BYTES

Tree: TypeAlias = dict[str, Any]

_PARSE: Final = "SELECT json_serialize_sql($1)"
_WRITE: Final = "SELECT json_deserialize_sql(CAST($1 AS JSON))"


def parse(connection: Any, sql: str) -> Tree:
    """The tree of a statement.

    Raises:
        SqlRefused: it is too long, not one statement, or no SELECT.
        SqlWrong: it has an error in it.
    """
    if len(sql.encode("utf-8", "surrogateescape")) > MAX_SQL_BYTES:
        raise SqlRefused(f"the statement has more than {MAX_SQL_BYTES:,} bytes")
    if "\0" in sql:
        raise SqlRefused("the statement has a zero byte in it")
    found = _loaded(connection.execute(_PARSE, [sql]).fetchall()[0][0])
    if found["error"]:
        message = str(found.get("error_message", ""))
        if "Only SELECT" in message:
            raise SqlRefused("only SELECT is answered here (or FROM, WITH, VALUES, SHOW TABLES, DESCRIBE)")
        raise SqlWrong(message.split("\n", 1)[0] or "this is no SQL")
    if len(found["statements"]) != 1:
        raise SqlRefused("give one statement at a time")
    return found


def _loaded(text: str) -> Tree:
    try:
        found: Tree = json.loads(text)
    except RecursionError:
        raise SqlRefused("the statement is nested too deeply") from None
    return found


def write(connection: Any, tree: Tree) -> str:
    """The statement of a tree."""
    sql: str = connection.execute(_WRITE, [json.dumps(tree)]).fetchall()[0][0]
    return sql


def nodes(tree: Any) -> Iterator[Tree]:
    """All parts of a tree that have names, from the outside in."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def query_of(tree: Tree) -> Tree:
    """The outermost query."""
    query: Tree = tree["statements"][0]["node"]
    return query


def kind(part: Any) -> str:
    """The type of a part; empty if it has none."""
    found = part.get("type") if isinstance(part, dict) else None
    return found if isinstance(found, str) else ""


def path_of(part: Tree) -> list[str]:
    """The name of a table or function with what stands before it, in lower case."""
    name = part.get("qualified_name")
    path = name.get("path") if isinstance(name, dict) else None
    return [str(each).lower() for each in path] if isinstance(path, list) else []


def column_of(part: Any) -> str | None:
    """The name of the column that a part is, without that of its table."""
    return str(part["column_names"][-1]).lower() if kind(part) == "COLUMN_REF" else None
