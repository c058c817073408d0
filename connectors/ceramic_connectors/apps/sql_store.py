"""A store in a database that speaks SQL; only the connection differs from one to the other.

Beside the tables of the models there are three: `models`, the catalogue; `waiting`, streams whose model isn't
known; and `streams`, which remembers the version of every stream ever applied, so that an old state that
comes late can't bring back what was removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from ceramic_connectors.apps import catalog, reading
from ceramic_connectors.apps.applied import Applied
from ceramic_connectors.apps.applying import STREAMS, STREAMS_COLUMNS, Application
from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.database import Database
from ceramic_connectors.apps.query import Page, Query
from ceramic_connectors.apps.records import newest
from ceramic_connectors.apps.rewriting import WAITING, WAITING_COLUMNS
from ceramic_connectors.apps.statements import create_table
from ceramic_connectors.apps.states import StreamState
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId

_TABLES = (
    (catalog.MODELS, catalog.COLUMNS),
    (STREAMS, STREAMS_COLUMNS),
    (WAITING, WAITING_COLUMNS),
)


class SqlStore:
    """See `store.AppStore`."""

    def __init__(self, database: Database, *, read_only: bool) -> None:
        """Take over a connection, and make the tables that every store has unless they are there."""
        self._database = database
        if read_only:
            return
        try:
            self._make_tables()
        except BaseException:
            database.close()
            raise

    def _make_tables(self) -> None:
        with self._database.transaction():
            for name, columns in _TABLES:
                self._database.execute(create_table(self._database.types, name, columns))
            self._database.add_index(WAITING, ["model"], equality=True)

    def apply(self, changes: Iterable[StreamState]) -> Applied:
        """See `AppStore.apply`."""
        states = newest(changes)
        with self._database.transaction():
            return Application(self._database).run(states)

    def put_models(self, definitions: Mapping[str, Json]) -> Applied:
        """See `AppStore.put_models`."""
        return self.apply([_definition(model, content) for model, content in definitions.items()])

    def tables(self) -> Mapping[str, ModelTable]:
        """See `AppStore.tables`."""
        return catalog.read_tables(self._database)

    def table(self, model: str) -> ModelTable:
        """See `AppStore.table`."""
        return reading.find_table(self._database, model)

    def find(self, query: Query) -> Page:
        """See `AppStore.find`."""
        return reading.find(self._database, query)

    def count(self, query: Query) -> int:
        """See `AppStore.count`."""
        return reading.count(self._database, query)

    def rows(self, model: str) -> Iterator[dict[str, Any]]:
        """See `AppStore.rows`."""
        return reading.all_rows(self._database, model)

    def waiting(self) -> dict[str, int]:
        """See `AppStore.waiting`."""
        sql = f"SELECT model, count(*) FROM {WAITING} GROUP BY model ORDER BY model"
        return dict(self._database.execute(sql))

    def close(self) -> None:
        """See `AppStore.close`."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _definition(model: str, content: Json) -> StreamState:
    stream = StreamId.parse(model)
    if stream.stream_type != MODEL:
        msg = f"{model} is no model but a stream of type {stream.type_name}"
        raise UsageError(msg)
    return StreamState(
        stream_id=str(stream),
        version=0,
        tip=str(stream.cid),
        model=str(METAMODEL),
        height=0,
        content=content,
    )
