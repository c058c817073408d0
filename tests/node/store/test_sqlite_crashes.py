"""A store continues after its process was killed as if that had not happened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.node.store.crashing import Campaign

KILLS = int(os.environ.get("CERAMIC_STORE_KILLS", "20"))
"""How often a process is killed; as many times more for a long campaign."""

PER_STORE = 10


@pytest.mark.parametrize("seed", range(max(1, KILLS // PER_STORE)))
def test_a_process_that_is_killed(tmp_path: Path, seed: int) -> None:
    campaign = Campaign(tmp_path, seed, PER_STORE)
    campaign.run()
    assert campaign.killed >= PER_STORE // 2, "it was too quick to be killed"
