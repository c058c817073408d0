"""Small differences between the dialects: what ceramic-one's users write, and DuckDB means otherwise."""

from __future__ import annotations

from typing import Any, Final

from ceramic_node.sql.syntax import Tree, column_of, kind, nodes, query_of

_TEXTS: Final = frozenset({"varchar", "text", "string", "char", "bpchar"})
_LATEST: Final = {"last_value": "last", "first_value": "first"}
_VALUES: Final = frozenset({"VALUE_PARAMETER", "VALUE_CONSTANT"})


def rewrite(tree: Tree) -> bool:
    """Change a tree where DuckDB would do something else; tells whether anything was changed.

    * A cast of bytes to text takes them for UTF-8, and the column keeps its name.
    * `last_value` and `first_value` are aggregates too; without `OVER` they aren't in DuckDB.
    * `count(*)` is called so in the answer.
    """
    named = _name_columns(tree)
    changed = [_rewrite_part(part) for part in list(nodes(tree))]
    return named or any(changed)


def _name_columns(tree: Tree) -> bool:
    changed = False
    for item in query_of(tree).get("select_list") or ():
        if item.get("alias"):
            continue
        alias = None
        if _is_text_cast(item):
            alias = column_of(item["child"])
        elif kind(item) == "FUNCTION" and item.get("function_name") == "count_star":
            alias = "count(*)"
        if alias is not None:
            item["alias"], changed = alias, True
    return changed


def _rewrite_part(part: Tree) -> bool:
    if _is_text_cast(part) and kind(part["child"]) not in _VALUES:
        child, place = part["child"], {"alias": part.get("alias", "")}
        part.clear()
        part.update(_call("as_text", child), **place)
        return True
    name = part.get("function_name")
    if kind(part) == "FUNCTION" and name in _LATEST:
        part["function_name"] = _LATEST[name]
        part["qualified_name"] = {"path": [_LATEST[name]]}
        return True
    return False


def _is_text_cast(part: Any) -> bool:
    if kind(part) != "OPERATOR_CAST" or part.get("try_cast"):
        return False
    target = part["type_expr"]
    return str(target.get("type_name", "")).lower() in _TEXTS and not target.get("children")


def _call(name: str, argument: Tree) -> Tree:
    return {
        "class": "FUNCTION",
        "type": "FUNCTION",
        "function_name": name,
        "schema": "",
        "filter": None,
        "order_bys": {"type": "ORDER_MODIFIER", "orders": []},
        "distinct": False,
        "is_operator": False,
        "export_state": False,
        "catalog": "",
        "arguments": [{"name": "", "expression": argument}],
        "qualified_name": {"path": [name]},
    }
