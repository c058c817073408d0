"""What clients ask about the server: catalogs, schemas, tables, keys, and what its SQL is like."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final

import pyarrow as pa

from ceramic_node.sql.messages import given
from ceramic_node.sql.schemas import CATALOG, SCHEMA, TABLES

_TABLE: Final = "TABLE"

_LIST: Final = pa.list_(pa.field("item", pa.utf8()))
_MAP: Final = pa.map_(pa.int32(), pa.list_(pa.field("item", pa.int32())))
_INFO_KINDS: Final = (
    ("string_value", pa.utf8()),
    ("bool_value", pa.bool_()),
    ("bigint_value", pa.int64()),
    ("int32_bitmask", pa.int32()),
    ("string_list", _LIST),
    ("int32_to_int32_list_map", _MAP),
)
_INFO: Final = pa.schema(
    [
        pa.field("info_name", pa.uint32(), nullable=False),
        pa.field("value", pa.dense_union([pa.field(*kind) for kind in _INFO_KINDS]), nullable=False),
    ]
)
_TEXT, _TRUTH, _NUMBER, _MASK = range(4)

_INFOS: Final[dict[int, tuple[int, Any]]] = {
    0: (_TEXT, "ceramic-streams"),
    1: (_TEXT, version("ceramic-streams")),
    2: (_TEXT, pa.__version__),
    3: (_TRUTH, True),  # read-only
    4: (_TRUTH, True),  # SQL
    5: (_TRUTH, False),  # Substrait
    8: (_MASK, 0),  # transactions
    9: (_TRUTH, False),  # CancelQuery: clients cancel the call
    10: (_TRUTH, False),  # bulk ingestion
    503: (_NUMBER, 1),  # identifiers in any case
    504: (_TEXT, '"'),
    505: (_NUMBER, 1),
    507: (_NUMBER, 3),  # null comes last
}


def _text(name: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, pa.utf8(), nullable)


_CATALOGS: Final = pa.schema([_text("catalog_name")])
_SCHEMAS: Final = pa.schema([_text("catalog_name", nullable=True), _text("db_schema_name")])
_TABLES: Final = pa.schema(
    [
        _text("catalog_name", nullable=True),
        _text("db_schema_name", nullable=True),
        _text("table_name"),
        _text("table_type"),
    ]
)
_WITH_SCHEMA: Final = _TABLES.append(pa.field("table_schema", pa.binary(), nullable=False))
_TYPES: Final = pa.schema([_text("table_type")])
_PRIMARY: Final = pa.schema(
    [
        _text("catalog_name", nullable=True),
        _text("db_schema_name", nullable=True),
        _text("table_name"),
        _text("column_name"),
        pa.field("key_sequence", pa.int32(), nullable=False),
        _text("key_name", nullable=True),
    ]
)
_FOREIGN: Final = pa.schema(
    [
        _text("pk_catalog_name", nullable=True),
        _text("pk_db_schema_name", nullable=True),
        _text("pk_table_name"),
        _text("pk_column_name"),
        _text("fk_catalog_name", nullable=True),
        _text("fk_db_schema_name", nullable=True),
        _text("fk_table_name"),
        _text("fk_column_name"),
        pa.field("key_sequence", pa.int32(), nullable=False),
        _text("fk_key_name", nullable=True),
        _text("pk_key_name", nullable=True),
        pa.field("update_rule", pa.uint8(), nullable=False),
        pa.field("delete_rule", pa.uint8(), nullable=False),
    ]
)


def _fits(name: str, pattern: str | None) -> bool:
    """Whether a name fits a pattern with % and _, as in LIKE."""
    if pattern is None:
        return True
    wanted = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(wanted, name, re.DOTALL) is not None


def _rows(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _catalogs(_asked: Any) -> pa.Table:
    return _rows(_CATALOGS, [(CATALOG,)])


def _schemas(asked: Any) -> pa.Table:
    is_ours = given(asked, "catalog") in {None, CATALOG}
    is_wanted = is_ours and _fits(SCHEMA, given(asked, "db_schema_filter_pattern"))
    return _rows(_SCHEMAS, [(CATALOG, SCHEMA)] if is_wanted else [])


def _tables(asked: Any) -> pa.Table:
    kinds = list(asked.table_types)
    is_wanted = len(_schemas(asked)) and (not kinds or _TABLE in kinds)
    pattern = given(asked, "table_name_filter_pattern")
    names = [name for name in TABLES if is_wanted and _fits(name, pattern)]
    if not asked.include_schema:
        return _rows(_TABLES, [(CATALOG, SCHEMA, name, _TABLE) for name in names])
    rows = [(CATALOG, SCHEMA, name, _TABLE, TABLES[name].serialize().to_pybytes()) for name in names]
    return _rows(_WITH_SCHEMA, rows)


def _types(_asked: Any) -> pa.Table:
    return _rows(_TYPES, [(_TABLE,)])


def _infos(asked: Any) -> pa.Table:
    wanted = [name for name in (asked.info or _INFOS) if name in _INFOS]
    values: list[list[Any]] = [[] for _kind in _INFO_KINDS]
    places = []
    for name in wanted:
        kind, value = _INFOS[name]
        places.append(len(values[kind]))
        values[kind].append(value)
    union = pa.UnionArray.from_dense(
        pa.array([_INFOS[name][0] for name in wanted], pa.int8()),
        pa.array(places, pa.int32()),
        [pa.array(column, kind) for column, (_name, kind) in zip(values, _INFO_KINDS, strict=True)],
        [name for name, _kind in _INFO_KINDS],
    )
    return pa.Table.from_arrays([pa.array(wanted, pa.uint32()), union], schema=_INFO)


LISTINGS: Final[dict[str, Callable[[Any], pa.Table]]] = {
    "CommandGetCatalogs": _catalogs,
    "CommandGetDbSchemas": _schemas,
    "CommandGetTables": _tables,
    "CommandGetTableTypes": _types,
    "CommandGetSqlInfo": _infos,
    "CommandGetPrimaryKeys": lambda _asked: _rows(_PRIMARY, []),
    "CommandGetExportedKeys": lambda _asked: _rows(_FOREIGN, []),
    "CommandGetImportedKeys": lambda _asked: _rows(_FOREIGN, []),
    "CommandGetCrossReference": lambda _asked: _rows(_FOREIGN, []),
}
"""What answers each command."""
