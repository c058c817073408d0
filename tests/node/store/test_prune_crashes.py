"""Pruning that is killed leaves nothing by halves, and goes on where it was."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from ceramic_node.clock import SystemClock
from ceramic_node.store.sqlite import SqliteStore, open_store
from ceramic_protocol.stored import NewEvent
from tests.node.store.hurting import run_and_kill
from tests.node.store.prune_crashing import doomed, logs

KILLS = 6
LONGEST_PAUSE = 0.004


def whole(store: SqliteStore, log: list[NewEvent]) -> int:
    """How many events of a stream have their bytes, each of them all or none."""
    count = 0
    for event in log:
        found = store.event(event.checked.cid)
        assert found is not None
        if found.is_pruned:
            assert found.checked == event.checked._replace(payload=b"")
        else:
            assert NewEvent(found.car, found.checked) == event
            count += 1
    return count


@pytest.mark.parametrize("seed", [1, 2])
def test_pruning_that_is_killed(tmp_path: Path, seed: int) -> None:
    random, plan = Random(seed), logs()
    wanted = [0 if doomed(place) else len(log) for place, log in enumerate(plan)]
    with open_store(tmp_path, clock=SystemClock()) as store:
        store.put([event for log in plan for event in log])
    last, kills = sum(map(len, plan)), 0
    for _kill in range(KILLS):
        kills += run_and_kill(
            "tests.node.store.prune_crashing", tmp_path, random.randint(1, 8), random.random() * LONGEST_PAUSE
        )
        with open_store(tmp_path, clock=SystemClock()) as store:
            assert store.check() == []
            left = [whole(store, log) for log in plan]
            for place, log in enumerate(plan):
                assert store.snapshot(log[0].checked.cid).is_pruned == (left[place] < len(log))
        assert sum(left) < last or left == wanted, "it goes on"
        last = sum(left)
    assert kills >= KILLS // 2, "it was too quick to be killed"
    run_and_kill("tests.node.store.prune_crashing", tmp_path, 10_000, 0.0)  # it ends by itself
    with open_store(tmp_path, clock=SystemClock()) as store:
        assert [whole(store, log) for log in plan] == wanted
        assert store.check(thorough=True) == []
