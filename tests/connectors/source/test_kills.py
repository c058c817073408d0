"""Each event once, in order, whatever is killed; the acceptance does it many times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.source_campaign import FAULTS, run_campaign

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")


@pytest.mark.parametrize("tasks", [1, 2])
def test_each_event_once_whatever_is_killed(tmp_path: Path, tasks: int) -> None:
    campaign = run_campaign(tmp_path, 1, tasks=tasks)
    assert campaign.faults == dict.fromkeys(FAULTS, 1)
    assert campaign.events >= campaign.written > 0
    assert campaign.corrections > 0
