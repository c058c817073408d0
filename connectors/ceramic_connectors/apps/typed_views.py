"""The tables of models as views over exported Parquet, in DuckDB's SQL: the same rows as a store would have.

Nothing is worked out before it is asked for. The conversions are those of `kinds`, said in SQL.
"""

from __future__ import annotations

from typing import Final

from ceramic_connectors.apps.columns import RECORD, UNFIT, ModelTable
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.naming import quote

_BIGINT_BOUND: Final = "9223372036854775808"
_ESCAPED_NUL: Final = r"(^|[^\\])(\\\\)*\\u0000"
_RECORD: Final = {
    "stream_id": "stream_id",
    "controller": "replace(controller, chr(0), '\ufffd')",
    "created_at": "to_timestamp(first_anchored_at)",
    "updated_at": "to_timestamp(last_anchored_at)",
    "anchored_at": "to_timestamp(anchored_at)",
    "first_anchored_at": "to_timestamp(first_anchored_at)",
    "last_anchored_at": "to_timestamp(last_anchored_at)",
    "tip": "cid(event_cid)",
    "height": "CAST(event_height AS BIGINT)",
    "context": "context(map_extract(dimensions, 'context')[1])",
    "unique_base64": "nullif(to_base64(map_extract(dimensions, 'unique')[1]), '')",
    "model_version": "doc ->> '/metadata/modelVersion/~1'",
    "content": "nullif(doc -> '/content', 'null'::JSON)",
}
"""Columns of `columns.RECORD`; `cid` and `context` are functions of the sandbox."""


def model_view(table: ModelTable) -> str:
    """The rows of a model's table, from the view `stream_states`."""
    members, typed, tests = ["*"], [own_columns()], []
    for number, column in enumerate(table.fields):
        pointer = text("/content/" + _pointer(column.field or ""))
        members.append(f"body -> ({pointer}) AS m{number}")
        typed.append(f"{_typed(column.kind, f'm{number}')} AS t{number}, m{number}")
        is_left_out = f"json_type(m{number}) <> 'NULL' AND t{number} IS NULL"
        tests.append(f"CASE WHEN {is_left_out} THEN {text(column.name)} END")
    unfit = f"list_filter([{', '.join(tests)}], lambda name: name IS NOT NULL)" if tests else "[]"
    names = {column.name: f"t{number} AS {quote(column.name)}" for number, column in enumerate(table.fields)}
    names[UNFIT.name] = f"nullif(to_json({unfit}), '[]'::JSON) AS {UNFIT.name}"
    columns = [names.get(column.name, quote(column.name)) for column in table.columns]
    return (
        "WITH docs AS (SELECT *, CAST(decode(data) AS JSON) AS doc FROM stream_states"
        f" WHERE stream_type = 3 AND model = {text(table.model)}),"
        " indexed AS (SELECT *, CASE json_type(doc, '/content') WHEN 'OBJECT' THEN doc END AS body FROM docs"
        " WHERE coalesce(doc ->> '/metadata/shouldIndex', 'true') <> 'false'),"
        f" parts AS (SELECT {', '.join(members)} FROM indexed),"
        f" typed AS (SELECT {', '.join(typed)} FROM parts)"
        f" SELECT {', '.join(columns)} FROM typed"
    )


def models_view(names: str) -> str:
    """The catalogue of models; `names` is a table of stream_id, table_name and name."""
    columns = ", ".join(f"m.{quote(column.name)}" for column in RECORD[1:])
    return (
        f"WITH docs AS (SELECT *, CAST(decode(data) AS JSON) AS doc FROM stream_states WHERE stream_type = 2)"
        f" SELECT n.stream_id, n.table_name, n.name, {columns}"
        f" FROM (SELECT {own_columns()} FROM docs) AS m JOIN {names} AS n ON m.stream_id = n.stream_id"
    )


def own_columns() -> str:
    """The columns of `columns.RECORD` from a row of `stream_states` with its `doc`."""
    return ", ".join(f"{_RECORD[column.name]} AS {quote(column.name)}" for column in RECORD)


def text(value: str) -> str:
    """A text in SQL."""
    # A statement ends at U+0000, which names of properties may have.
    return " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in value.split("\0"))


def _pointer(name: str) -> str:
    """A property's name in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _typed(kind: Kind, member: str) -> str:
    """A member of the content as its column has it: null if it doesn't fit."""
    plain = f"({member} ->> '$')"
    number = f"TRY_CAST({plain} AS DOUBLE)"
    cases = {
        Kind.TEXT: f"'VARCHAR' THEN CASE WHEN NOT contains({plain}, chr(0)) THEN {plain} END",
        Kind.BOOLEAN: f"'BOOLEAN' THEN CAST({plain} AS BOOLEAN)",
        Kind.BIGINT: (
            f"'DOUBLE' THEN CASE WHEN {number} = trunc({number}) AND {number} >= -{_BIGINT_BOUND}.0"
            f" AND {number} < {_BIGINT_BOUND}.0 THEN TRY_CAST({number} AS BIGINT) END"
            f" WHEN 'UBIGINT' THEN TRY_CAST({plain} AS BIGINT) WHEN 'BIGINT' THEN TRY_CAST({plain} AS BIGINT)"
        ),
        Kind.DOUBLE: f"'DOUBLE' THEN {number} WHEN 'UBIGINT' THEN {number} WHEN 'BIGINT' THEN {number}",
    }
    if kind in cases:
        return f"CASE json_type({member}) WHEN {cases[kind]} END"
    has_nul = f"regexp_matches(CAST({member} AS VARCHAR), {text(_ESCAPED_NUL)})"
    return f"CASE WHEN json_type({member}) <> 'NULL' AND NOT {has_nul} THEN {member} END"
