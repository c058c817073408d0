"""Both databases: DuckDB in memory, and a PostgreSQL server that all tests of a worker share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, TypeAlias

import pytest

from ceramic_connectors.apps import AppStore, open_store
from tests.support.postgres import Server, running_server

MakeStore: TypeAlias = Callable[[], AppStore]
_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(params=["duckdb", "postgres"])
def make_store(request: Any) -> Iterator[MakeStore]:
    """Makes empty stores of one of the databases."""
    made: list[AppStore] = []
    url = request.getfixturevalue("postgres").url if request.param == "postgres" else "duckdb::memory:"

    def make() -> AppStore:
        schema = f"test_{next(_NUMBERS)}" if request.param == "postgres" else None
        made.append(open_store(url, schema=schema))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> AppStore:
    return make_store()
