"""Many who follow the feed while much is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import subscribers


@pytest.mark.parametrize("is_kept", [False, True], ids=["memory", "sqlite"])
def test_each_sees_each_entry_once_in_order_and_the_slow_are_told(tmp_path: Path, *, is_kept: bool) -> None:
    folder = tmp_path if is_kept else None
    figures = subscribers.run(20, 1_000, folder=folder, stall_seconds=2.0)
    assert (figures.consumers, figures.told) == (20, figures.slow)
    assert figures.most_waiting < 500_000
