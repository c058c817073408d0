"""Keys of Recon go on where they were when the process was killed that made them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from ceramic_node.clock import SystemClock
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import open_store
from tests.node.store.hurting import run_and_kill
from tests.node.store.reading import all_keys
from tests.node.store.recon_crashing import AT_ONCE, logs, news

KILLS = 10
LONGEST_PAUSE = 0.004


@pytest.mark.parametrize("seed", [1, 2])
def test_keys_whose_process_is_killed(tmp_path: Path, seed: int) -> None:
    random, memory = Random(seed), MemoryStore()
    whole = [event for log in logs() for event in log]
    for batch in (whole, *news()):
        memory.put(batch)
    with open_store(tmp_path, clock=SystemClock()) as store:
        store.put(whole)
    kills, last = 0, 0
    for _kill in range(KILLS):
        slices = random.randint(1, len(whole) // AT_ONCE // KILLS)
        kills += run_and_kill(
            "tests.node.store.recon_crashing", tmp_path, slices, random.random() * LONGEST_PAUSE
        )
        with open_store(tmp_path, clock=SystemClock()) as store:
            assert store.check() == []
            position = store._upkeep._file.cursor.position
            assert position > last or position == len(whole), "it goes on"
            last = position
    assert kills >= KILLS // 2, "it was too quick to be killed"
    with open_store(tmp_path, clock=SystemClock()) as store:
        for batch in news():
            store.put(batch)
        assert all_keys(store.recon) == all_keys(memory.recon)
        assert store.check(thorough=True) == []
