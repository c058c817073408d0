"""kafka-python forgets sockets of connections that failed: here that is no failure of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

FORGOTTEN = "ignore:Exception ignored in. <.*socket:pytest.PytestUnraisableExceptionWarning"
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.filterwarnings(FORGOTTEN))
