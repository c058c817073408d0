"""kafka-python forgets sockets of connections: see `tests/connectors/kafka/conftest.py`."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

_FORGOTTEN = "ignore:Exception ignored in. <.*socket:pytest.PytestUnraisableExceptionWarning"
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.filterwarnings(_FORGOTTEN))


@pytest.fixture(autouse=True, scope="module")
def forgotten_sockets() -> Iterator[None]:
    """Collect them here rather than in a test of something else."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
