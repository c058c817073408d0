"""Running queries: pages of rows, counts, whole tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ceramic_connectors.apps import catalog
from ceramic_connectors.apps.binding import Bound, did_you_mean
from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.compiling import Compiled, Lookup
from ceramic_connectors.apps.cursors import make_cursor, read_cursor
from ceramic_connectors.apps.database import Database
from ceramic_connectors.apps.query import Order, Page, Query
from ceramic_connectors.apps.records import readable
from ceramic_connectors.apps.statements import carried
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import DEFAULT_PAGE, MAX_PAGE


def find_table(database: Database, model: str) -> ModelTable:
    """See `AppStore.table`."""
    found = catalog.search_tables(database, model)
    exact = [table for table in found if model in {table.model, table.name}]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(sorted(table.name for table in found))
        msg = f"there are several models {model!r}: name one of the tables {names}"
        raise UsageError(msg)
    msg = f"there is no model {model!r}{did_you_mean(model, catalog.names(database))}"
    raise UsageError(msg)


def find(database: Database, query: Query) -> Page:
    """See `AppStore.find`."""
    size, backward = _size(query)
    compiled = Compiled(query, _lookup(database))
    shown = [compiled.scope.column(name) for name in query.columns] or compiled.scope.all()
    rows = _fetch(database, query, compiled, shown, size + 1, backward=backward)
    more = len(rows) > size
    rows = rows[:size][::-1] if backward else rows[:size]
    cursors = [make_cursor(compiled.cursor_key, row[len(shown) :]) for row in rows[:1] + rows[-1:]]
    turned = (query.before if backward else query.after) is not None
    return Page(
        rows=[_readable(shown, row) for row in rows],
        start=cursors[0] if cursors else None,
        end=cursors[-1] if cursors else None,
        has_next=turned if backward else more,
        has_previous=more if backward else turned,
    )


def count(database: Database, query: Query) -> int:
    """See `AppStore.count`."""
    compiled = Compiled(query, _lookup(database))
    where = None if query.where is None else compiled.condition(query.where)
    sql = f"SELECT count(*) FROM {compiled.source} {compiled.where(where)}"
    ((number,),) = database.execute(sql, compiled.values)
    return int(number)


def all_rows(database: Database, model: str) -> Iterator[dict[str, Any]]:
    """See `AppStore.rows`."""
    query = Query(find_table(database, model).model, order_by=(Order("stream_id"),), first=MAX_PAGE)
    while True:
        page = find(database, query)
        yield from page.rows
        if not page.has_next:
            return
        query = replace(query, after=page.end)


def _lookup(database: Database) -> Lookup:
    return lambda model: find_table(database, model)


def _size(query: Query) -> tuple[int, bool]:
    """How many rows, and whether backward."""
    backward = query.last is not None or query.before is not None
    if backward and (query.first is not None or query.after is not None):
        msg = "a page goes forward (first, after) or backward (last, before), not both"
        raise UsageError(msg)
    size = query.last if backward else query.first
    size = DEFAULT_PAGE if size is None else size
    if not 1 <= size <= MAX_PAGE:
        msg = f"a page has 1 to {MAX_PAGE} rows, not {size}"
        raise UsageError(msg)
    return size, backward


def _fetch(
    database: Database,
    query: Query,
    compiled: Compiled,
    shown: Sequence[Bound],
    limit: int,
    *,
    backward: bool,
) -> list[tuple[Any, ...]]:
    """Rows of the columns shown and of the keys, in the order of the page's way."""
    where = None if query.where is None else compiled.condition(query.where)
    cursor, beyond = query.before if backward else query.after, None
    if cursor is not None:
        kinds = [key.column.kind for key in compiled.keys]
        values = read_cursor(cursor, compiled.cursor_key, kinds)
        beyond = compiled.beyond(values, backward=backward)
    columns = [*shown, *(key.column for key in compiled.keys)]
    listed = ", ".join(carried(column.kind, column.sql) for column in columns)
    order = ", ".join(key.sql(backward=backward) for key in compiled.keys)
    rest = f"{compiled.where(where, beyond)} ORDER BY {order} LIMIT {limit}"
    return database.execute(f"SELECT {listed} FROM {compiled.source} {rest}", compiled.values)


def _readable(shown: Sequence[Bound], row: Sequence[Any]) -> dict[str, Any]:
    return {column.name: readable(column.kind, value) for column, value in zip(shown, row, strict=False)}
