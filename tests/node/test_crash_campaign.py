"""The crash campaign in short."""

from __future__ import annotations

from pathlib import Path

from tests.support.crash_campaign import run_campaign
from tests.support.crashing_node import POINTS


def test_nothing_is_lost_or_twice_whatever_kills_the_node(tmp_path: Path) -> None:
    kills = 2 * len(POINTS)
    campaign = run_campaign(tmp_path, kills, seed=3)
    assert campaign.kills == kills
    assert POINTS.keys() <= campaign.at_points.keys(), "a crash point was never reached"
