"""Lists of streams."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from ceramic_node.short_keys import short_key
from ceramic_node.store.sqlite.names import Table, find_name
from ceramic_node.store.sqlite.streams import FACTS, FACTS_FROM, facts_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import StoreHead, StreamEntry, StreamFilter

_ENTRY: Final = (
    f"SELECT init.position, stream.version, {FACTS} FROM {FACTS_FROM} WHERE stream.key = ? AND stream.cid = ?"
)
_CHANGED: Final = (
    "SELECT stream.cid, stream.version, stream.id FROM change CROSS JOIN stream ON stream.id = change.stream"
    " WHERE change.version > ? AND stream.version = change.version ORDER BY change.version LIMIT ?"
)
_HEAD: Final = (
    "SELECT coalesce((SELECT max(position) FROM event), 0), coalesce((SELECT max(version) FROM change), 0)"
)


def entry_of(db: sqlite3.Connection, stream: Cid) -> StreamEntry | None:
    """A stream whose init event is there."""
    row = db.execute(_ENTRY, (short_key(stream), bytes(stream))).fetchone()
    return None if row is None else _entry(row)


def find(db: sqlite3.Connection, wanted: StreamFilter, after: int, limit: int) -> list[StreamEntry]:
    """The streams that fit, in the order in which they came."""
    terms = {"type": wanted.stream_type}
    for table, name in _names(wanted):
        terms[table] = find_name(db, table, name)
        if terms[table] is None:
            return []
    given = {
        column: terms[column] for column in ("controller", "model", "type") if terms.get(column) is not None
    }
    rows = db.execute(_page(tuple(given)), (*given.values(), after, limit))
    return [_entry(row) for row in rows]


def _names(wanted: StreamFilter) -> Iterator[tuple[Table, bytes | str]]:
    if wanted.controller is not None:
        yield "controller", wanted.controller
    if wanted.model is not None:
        yield "model", bytes(wanted.model)


def _page(columns: tuple[str, ...]) -> str:
    """The statement for a page of streams with these columns given, the first of which is looked up."""
    index = f"INDEXED BY init_{columns[0]}" if columns else ""
    terms = "".join(f"init.{column} = ? AND " for column in columns)
    return (
        f"SELECT init.position, stream.version, {FACTS} FROM init {index}"
        " CROSS JOIN stream ON stream.id = init.stream LEFT JOIN model ON model.id = init.model"
        " LEFT JOIN controller ON controller.id = init.controller"
        f" WHERE {terms}init.position > ? ORDER BY init.position LIMIT ?"
    )


def _entry(row: tuple[Any, ...]) -> StreamEntry:
    position, version, *columns, _model, _controller = row
    return StreamEntry(facts_of(columns), position, version)


def changed(db: sqlite3.Connection, after: int, limit: int) -> list[tuple[Cid, int, int]]:
    """The streams that have changed, their versions and their numbers."""
    return [(Cid(cid), version, number) for cid, version, number in db.execute(_CHANGED, (after, limit))]


def head(db: sqlite3.Connection) -> StoreHead:
    """The last position and the last version."""
    return StoreHead(*db.execute(_HEAD).fetchone())
