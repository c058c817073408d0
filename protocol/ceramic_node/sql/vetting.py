"""Which statements are let through: they name only the tables, and no function that looks elsewhere."""

from __future__ import annotations

import sys
from typing import Any, Final

from ceramic_node.sql.failures import SqlRefused, SqlWrong
from ceramic_node.sql.schemas import CATALOG, SCHEMA, TABLES
from ceramic_node.sql.syntax import Tree, kind, nodes, path_of

_SOURCES: Final = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "TABLE_FUNCTION", "SHOW_REF"}
)
_TABLE_FUNCTIONS: Final = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree"})
_QUALIFIERS: Final[tuple[list[str], ...]] = ([], [SCHEMA], [CATALOG, SCHEMA])

# Everything else works on values alone. Some of these tell of the process, some change something, some take
# memory that DuckDB doesn't count.
_DENIED_BEGINNINGS: Final = (
    "__internal",
    "pg_",
    "has_",
    "inet_",
    "collate_",
    "icu_",
    "json_serialize",
    "st_",
)
_DENIED: Final = frozenset(
    {
        "array_resize",
        "bitstring",
        "combine",
        "create_sort_key",
        "current_connection_id",
        "current_query",
        "current_query_id",
        "current_setting",
        "current_transaction_id",
        "currval",
        "finalize",
        "format",
        "generate_series",
        "get_block_size",
        "getvariable",
        "in_search_path",
        "index_key",
        "json_deserialize_sql",
        "list_resize",
        "nextval",
        "parse_duckdb_log_message",
        "printf",
        "query",
        "range",
        "setseed",
        "setval",
        "sleep_ms",
        "stats",
        "to_aggregate_state",
        "to_base",
        "txid_current",
        "vector_type",
        "write_log",
    }
)

# These make much of little: the argument that says how much has to be written out, and small.
_GROWING: Final = {
    "lpad": (1, 10_000),
    "regexp_replace": (2, 100),
    "repeat": (1, 10_000),
    "replace": (2, 100),
    "rpad": (1, 10_000),
}


def allowed_functions(connection: Any) -> frozenset[str]:
    """The names of functions on values that may be used."""
    asked = (
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions()"
        " WHERE function_type IN ('scalar', 'aggregate', 'macro', 'window')"
    )
    names = (name for (name,) in connection.execute(asked).fetchall())
    found = {name for name in names if name not in _DENIED and not name.startswith(_DENIED_BEGINNINGS)}
    return frozenset({*found, "unnest"})


def vet(tree: Tree, functions: frozenset[str]) -> list[Tree]:
    """Look at everything that a statement names.

    Returns:
        The places where it names tables of ours, outside of `WITH`.

    Raises:
        SqlRefused: it names something that isn't let through.
        SqlWrong: there is no such table.
    """
    parts = list(nodes(tree))
    own = _names_of_with(parts)
    of_tables = {id(part["function"]) for part in parts if kind(part) == "TABLE_FUNCTION"}
    tables = []
    for part in parts:
        if kind(part) == "BASE_TABLE":
            if _is_ours(part, own):
                tables.append(part)
        elif kind(part) == "TABLE_FUNCTION":
            _vet_table_function(part)
        elif kind(part) == "SHOW_REF":
            _vet_show(part)
        elif "function_name" in part and id(part) not in of_tables:
            _vet_function(part, functions)
        _vet_source(part)
    return tables


def _names_of_with(parts: list[Tree]) -> frozenset[str]:
    found = set()
    for part in parts:
        with_clause = part.get("cte_map")
        if isinstance(with_clause, dict):
            found |= {str(entry["key"]).lower() for entry in with_clause["map"]}
    return frozenset(found)


def _is_ours(part: Tree, own: frozenset[str]) -> bool:
    path = path_of(part)
    if len(path) == 1 and path[0] in own:
        return False
    if part.get("at_clause") is not None or path[-1] not in TABLES or path[:-1] not in _QUALIFIERS:
        raise SqlWrong(f"there is no table {'.'.join(path)[:200]!r}; there are {', '.join(TABLES)}")
    return True


def _vet_source(part: Tree) -> None:
    for name in ("from_table", "left", "right"):
        source = part.get(name)
        if isinstance(source, dict) and "class" not in source and "type" in source:
            found = kind(source)
            if found and found not in _SOURCES and not found.endswith("_NODE"):
                raise SqlRefused(f"{found.replace('_', ' ').lower()} isn't answered here")


def _vet_table_function(part: Tree) -> None:
    name = path_of(part["function"])
    if len(name) != 1 or name[0] not in _TABLE_FUNCTIONS:
        raise SqlRefused(f"the table function {'.'.join(name)[:200]!r} can't be used here")


def _vet_show(part: Tree) -> None:
    if part.get("query") is None and part.get("table_name") != '"tables"':
        raise SqlRefused("only SHOW TABLES and DESCRIBE can be used here")


def _vet_function(part: Tree, functions: frozenset[str]) -> None:
    path = path_of(part) or [str(part["function_name"]).lower()]
    if path[:-1] not in _QUALIFIERS or path[-1] not in functions:
        raise SqlRefused(f"the function {'.'.join(path)[:200]!r} isn't there, or can't be used here")
    if path[-1] in _GROWING:
        place, most = _GROWING[path[-1]]
        arguments = part.get("arguments") or []
        if place < len(arguments) and _size(arguments[place]["expression"]) > most:
            raise SqlRefused(f"argument {place + 1} of {path[-1]} has to be written out, up to {most:,}")


def _size(part: Tree) -> int:
    """The number, or the length of the text, that is written there; very large if none is."""
    literal = part.get("literal") if kind(part) == "VALUE_CONSTANT" else None
    if not isinstance(literal, dict):
        return sys.maxsize
    text = str(literal.get("text", ""))
    if literal.get("kind") == "STRING":
        return len(text)
    return (
        int(text) if literal.get("kind") == "INTEGER" and text.isdigit() and len(text) < 10 else sys.maxsize
    )
