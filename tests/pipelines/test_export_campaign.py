"""The campaign of kills in short."""

from __future__ import annotations

from pathlib import Path

from tests.support.crashing_export import POINTS
from tests.support.export_campaign import run_campaign


def test_killed_exports_complete_and_readers_see_whole_versions(tmp_path: Path) -> None:
    campaign = run_campaign(tmp_path, 4, increments=4)
    assert POINTS.keys() <= campaign.kills.keys(), "a point was never reached"
    assert campaign.looks.keys() == {"manifest", "dataset", "glob"}, campaign.closing_line
