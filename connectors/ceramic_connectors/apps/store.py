"""The port for tables of applications; `duckdb_store` and `postgres_store` are behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from ceramic_connectors.apps.applied import Applied
from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.query import Page, Query
from ceramic_connectors.apps.states import StreamState
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import UsageError

DUCKDB: Final = "duckdb:"


class AppStore(Protocol):
    """Tables of applications: one per model, with a row for each of its streams.

    What the tables hold follows from the last state of each stream alone: the order in which changes come,
    repetitions and how they are cut into calls of `apply` leave no trace. Everything raises `OutsideError`
    if the database fails.
    """

    def apply(self, changes: Iterable[StreamState]) -> Applied:
        """Take in states of streams, models among them, in one transaction.

        A stream's row is removed if it has no tip or doesn't want to be indexed. Without its model it waits.
        A state of a lower version than the one known, a removed one too, changes nothing.
        """

    def put_models(self, definitions: Mapping[str, Json]) -> Applied:
        """Take in models, by StreamID, whose definitions are known from elsewhere than their streams.

        They count as version 0: the model's stream, when it comes, has the last word.

        Raises:
            IdentifierError: a key is no StreamID.
            UsageError: it is that of no model.
        """

    def tables(self) -> Mapping[str, ModelTable]:
        """The tables of all models, by the models' StreamIDs, in order of their names."""

    def table(self, model: str) -> ModelTable:
        """The table of a model, given by its StreamID, its table's name, or its own name if no other has it.

        Raises:
            UsageError: there is none, or there are several.
        """

    def find(self, query: Query) -> Page:
        """A page of rows.

        Raises:
            UsageError: the query makes no sense, such as a column that isn't there.
        """

    def count(self, query: Query) -> int:
        """The number of all rows that `find` would give page by page.

        Raises:
            UsageError: as with `find`.
        """

    def rows(self, model: str) -> Iterator[dict[str, Any]]:
        """All rows of a model's table in the order of their StreamIDs.

        Raises:
            UsageError: there is no such model.
        """

    def waiting(self) -> dict[str, int]:
        """How many streams wait, by the StreamID of the model they wait for."""

    def close(self) -> None:
        """Let go of the database."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_store(target: str, *, schema: str | None = None, read_only: bool = False) -> AppStore:
    """The store at `duckdb:FILE` or `postgres://…`, made if need be.

    Args:
        target: where.
        schema: PostgreSQL's schema; None for `ceramic`.
        read_only: whether to leave it as it is.

    Raises:
        UsageError: no such place, or a library isn't installed.
        OutsideError: it can't be opened.
    """
    from ceramic_connectors.apps.duckdb_store import DuckDBStore
    from ceramic_connectors.apps.postgres_store import SCHEMA, PostgresStore
    from ceramic_connectors.apps.postgres_url import SCHEMES

    if target.startswith(SCHEMES):
        return PostgresStore.open(target, schema=schema or SCHEMA, read_only=read_only)
    if target.startswith(DUCKDB) and target != DUCKDB and schema is None:
        return DuckDBStore.open(Path(target.removeprefix(DUCKDB)), read_only=read_only)
    # What was given isn't repeated: it may hold a password.
    msg = (
        "no place for tables: give duckdb:FILE or postgres://USER@HOST/DATABASE; only the latter has a schema"
    )
    raise UsageError(msg)
