"""Two exports with several versions each, and the places that they are published to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ceramic_connectors.chain import FileChain
from tests.support import corpus
from tests.support.increments import steps
from tests.support.mixed_set import MixedSet
from tests.support.postgres import Server, running_server
from tests.support.published import Place

MakePlace: TypeAlias = Callable[[], Place]
PLACES = ("iceberg", "duckdb", "postgres")
_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(params=PLACES)
def place(request: Any, tmp_path: Path) -> Place:
    """An empty one."""
    if request.param == "iceberg":
        return Place.iceberg(tmp_path / "iceberg")
    if request.param == "duckdb":
        return Place(f"duckdb:{tmp_path / 'tables.duckdb'}")
    return Place(request.getfixturevalue("postgres").url, f"published_{next(_NUMBERS)}")


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Versions of increments of every sort, with late anchors."""
    folder = tmp_path_factory.mktemp("mixed")
    events = MixedSet(3, models=2, documents=3, sessions=8)
    increments, _whole = steps(folder, events.cars, events.chain, 4, 3)
    for step in increments:
        step.run(folder / "out", incremental=True, num_shards=8)
    return versions(folder / "out")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Versions of the sample, partitioned."""
    folder = tmp_path_factory.mktemp("sample")
    transactions = FileChain.load(corpus.CHAIN).transactions
    increments, _whole = steps(folder, corpus.cars(), transactions, 2, 1)
    for step in increments:
        step.run(folder / "out", incremental=True, num_shards=2, partition_by=("model", "day"))
    return versions(folder / "out")


def versions(output: Path) -> list[Path]:
    """The folders of all versions."""
    return sorted((output / "versions").glob("v*"))
