"""One node and one process of the SDK for the tests of a file, once with each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.sdk.sdk import beside
from tests.interop.talking import Talk
from tests.support.node import RunningNode


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningNode, Talk]]:
    folder = tmp_path_factory.mktemp("node") if request.param == "sqlite" else None
    with beside(folder) as pair:
        yield pair


@pytest.fixture
def node(both: tuple[RunningNode, Talk]) -> RunningNode:
    return both[0]


@pytest.fixture
def sdk(both: tuple[RunningNode, Talk]) -> Talk:
    return both[1]
