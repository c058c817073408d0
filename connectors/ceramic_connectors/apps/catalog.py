"""The table `models`: which model has which table, and with which columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ceramic_connectors.apps.columns import RECORD, Column, ModelTable, relations_of, views_of
from ceramic_connectors.apps.database import Database
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.records import Record
from ceramic_connectors.apps.statements import columns_of, delete, select, upsert
from ceramic_protocol import dagjson

MODELS: Final = "models"
COLUMNS: Final = (
    RECORD[0],
    Column("table_name", Kind.TEXT),
    Column("name", Kind.TEXT),
    # Names of properties may hold U+0000, which `jsonb` refuses.
    Column("columns", Kind.DOCUMENT),
    *RECORD[1:],
)
"""Columns of `models`: `columns` lists name, kind and property of those made from the schema."""

_READ: Final = (COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[-1])


def read_tables(database: Database, models: Sequence[str] | None = None) -> dict[str, ModelTable]:
    """The tables of these models, or of all, by StreamID; what has none is left out."""
    if models is None:
        rows = database.execute(select(MODELS, _READ, "ORDER BY table_name"))
    else:
        rows = database.execute(select(MODELS, _READ, "WHERE stream_id = ANY($1)"), [list(models)])
    return {row[0]: _table(*row) for row in rows}


def search_tables(database: Database, name: str) -> list[ModelTable]:
    """The tables of models that are called so, by StreamID, name of the table or name of the model."""
    rest = "WHERE stream_id = $1 OR table_name = $2 OR name = $3"
    # U+0000 is in no name, and PostgreSQL refuses it in a parameter.
    rows = [] if "\0" in name else database.execute(select(MODELS, _READ, rest), [name, name, name])
    return [_table(*row) for row in rows]


def names(database: Database) -> list[str]:
    """Names of all models and of their tables."""
    rows = database.execute(f"SELECT name, table_name FROM {MODELS} ORDER BY table_name")
    return [name for row in rows for name in row if name is not None]


def taken_names(database: Database, model: str) -> set[str]:
    """Names of the tables of all models but this one."""
    rows = database.execute(f"SELECT table_name FROM {MODELS} WHERE stream_id <> $1", [model])
    return {name for (name,) in rows}


def write_table(database: Database, table: ModelTable, record: Record) -> None:
    """Enter a model's table, or what has changed about it."""
    fields = dagjson.dump([[column.name, column.kind.value, column.field] for column in table.fields])
    row = (record[0], table.name, table.model_name, fields.decode(), *record[1:])
    database.execute(upsert(database.types, MODELS, COLUMNS), columns_of([row]))


def remove_table(database: Database, model: str) -> None:
    """Forget a model's table."""
    database.execute(delete(MODELS), [[model]])


def _table(model: str, name: str, model_name: str | None, columns: str, content: Any) -> ModelTable:
    definition = None if content is None else json.loads(content)
    return ModelTable(
        model=model,
        name=name,
        model_name=model_name,
        fields=tuple(Column(column, Kind(kind), field) for column, kind, field in json.loads(columns)),
        relations=relations_of(definition),
        views=views_of(definition),
    )
