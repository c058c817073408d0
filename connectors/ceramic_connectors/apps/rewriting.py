"""Moving rows between the tables of a store, and bringing tables in line with their models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ceramic_connectors.apps import catalog
from ceramic_connectors.apps.columns import RECORD, STREAM_ID, Column, ModelTable
from ceramic_connectors.apps.database import Database
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.naming import quote
from ceramic_connectors.apps.records import Record, table_row
from ceramic_connectors.apps.statements import (
    add_column,
    columns_of,
    create_table,
    drop_column,
    rename_table,
    select,
    upsert,
)
from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_STATEMENT_ROWS

WAITING: Final = "waiting"
WAITING_COLUMNS: Final = (STREAM_ID, Column("model", Kind.TEXT), *RECORD[1:])


def write_rows(database: Database, table: ModelTable, records: Iterable[Record]) -> None:
    """Put records into a model's table."""
    sql = upsert(database.types, table.name, table.columns)
    for batch in batches(records):
        database.execute(sql, columns_of([table_row(table, record) for record in batch]))


def write_waiting(database: Database, model: str, records: Iterable[Record]) -> None:
    """Put aside records of streams of a model that isn't known."""
    sql = upsert(database.types, WAITING, WAITING_COLUMNS)
    for batch in batches(records):
        database.execute(sql, columns_of([(record[0], model, *record[1:]) for record in batch]))


def batches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows, whose last value is the content, in lists that a statement can take."""
    held: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        held.append(row)
        size += len(row[-1] or "")
        if len(held) >= MAX_STATEMENT_ROWS or size >= MAX_BATCH_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held


def make_table(database: Database, table: ModelTable, record: Record) -> None:
    """Make the table of a model that has become known, and move there what waited for it."""
    database.execute(create_table(database.types, table.name, table.columns))
    _add_indexes(database, table)
    catalog.write_table(database, table, record)
    write_rows(database, table, _records(database, WAITING, table.model))
    database.execute(f"DELETE FROM {WAITING} WHERE model = $1", [table.model])


def alter_table(database: Database, old: ModelTable, new: ModelTable, record: Record) -> None:
    """Bring a table in line with its model's new definition; every row is worked out anew."""
    if new.name != old.name:
        database.execute(rename_table(old.name, new.name))
    for column in set(old.fields) - set(new.fields):
        database.execute(drop_column(new.name, column.name))
    for column in new.fields:
        if column not in old.fields:
            database.execute(add_column(database.types, new.name, column))
    _add_indexes(database, new)
    catalog.write_table(database, new, record)
    write_rows(database, new, _records(database, new.name))


def drop_table(database: Database, table: ModelTable) -> None:
    """Drop the table of a model that is known no more; its rows wait again."""
    write_waiting(database, table.model, _records(database, table.name))
    database.execute(f"DROP TABLE {quote(table.name)}")
    catalog.remove_table(database, table.model)


def _records(database: Database, name: str, model: str | None = None) -> Iterator[Record]:
    """All records of a table, or those waiting for a model, a batch in memory at a time."""
    of_model = "" if model is None else "AND model = $2"
    sql = select(
        name, RECORD, f"WHERE stream_id > $1 {of_model} ORDER BY stream_id LIMIT {MAX_STATEMENT_ROWS}"
    )
    after = ""
    while rows := database.execute(sql, [after] if model is None else [after, model]):
        yield from rows
        after = rows[-1][0]


def _add_indexes(database: Database, table: ModelTable) -> None:
    database.add_index(table.name, ["controller"], equality=True)
    database.add_index(table.name, ["created_at", "stream_id"])
    for column in table.fields:
        if column.field in table.relations and column.kind is Kind.TEXT:
            database.add_index(table.name, [column.name], equality=True)


def remove_rows(database: Database, name: str, streams: Sequence[str]) -> int:
    """Remove streams from a table; gives how many of them were there."""
    sql = f"DELETE FROM {quote(name)} WHERE stream_id = ANY($1) RETURNING stream_id"
    return len(database.execute(sql, [list(streams)]))
