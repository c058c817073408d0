"""Stores that several files of tests begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.node.store.filled import fill, opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store that is closed."""
    with opened(tmp_path / "store") as store:
        fill(store)
    return tmp_path / "store"
