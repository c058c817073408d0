"""kafka-python forgets sockets of connections that failed: here that is no failure of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.kafka.conftest import FORGOTTEN

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.filterwarnings(FORGOTTEN))
