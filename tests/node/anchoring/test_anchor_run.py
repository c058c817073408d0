"""The anchor run of the acceptance points in small."""

from __future__ import annotations

from pathlib import Path

from tests.support.anchor_run import check_anchor_run


def test_a_run_of_a_few_hundred_events(tmp_path: Path) -> None:
    figure = check_anchor_run(tmp_path, 300, limit=64)
    assert figure.startswith("300 tips in 5 transactions")
    assert "0 wrongly accepted, 0 wrongly rejected" in figure
