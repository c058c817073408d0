"""A process that is killed again and again leaves states with neither holes nor duplicates."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from ceramic_node.clock import SystemClock
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.ports import EventStore
from ceramic_protocol.rules import Rules
from ceramic_protocol.stored import NewEvent
from tests.node.states.making import data, document, model_id
from tests.node.states.oracle import check, check_changes
from tests.node.states.world import EVENTS, MODELS
from tests.support.vectors import PROJECT

RULES: Final = Rules(4_000, grace=0, skew=0)
SEED: Final = 5
MORE: Final = 600
KILLS: Final = 12


def all_events() -> list[NewEvent]:
    """Those of the world, and streams of three events, in an order that follows from the seed."""
    events = list(EVENTS)
    for number in range(MORE):
        stream = document(model_id(MODELS["note"]), f"more {number}")
        change = data(stream, stream, number)
        events += [stream, change, data(stream, change, number)]
    Random(SEED).shuffle(events)
    return events


@contextmanager
def opened(folder: Path) -> Iterator[tuple[EventStore, StateStore, StateFollower]]:
    with open_store(folder, clock=SystemClock()) as events:
        states = SqliteStates(folder / "states.sqlite3")
        try:
            yield events, states, StateFollower(events, states, lambda: RULES, unit=5, seconds=0.002)
        finally:
            states.close()


_LONGEST_SECONDS = 60


def run(folder: Path) -> None:
    """What the process does: it puts all events, some at a time, and follows them."""
    with opened(folder) as (events, _states, follower):
        follower.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        wanted = all_events()
        for start in range(0, len(wanted), 20):
            events.put(wanted[start : start + 20])
            follower.wake()
            time.sleep(0.002)
        # It never ends by itself, however quick it is.
        time.sleep(_LONGEST_SECONDS)


def test_a_process_that_is_killed(tmp_path: Path) -> None:
    random, kills = Random(11), 0
    numbers: list[int] = []
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.node.states.test_crashes", str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(random.random() * 0.3)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        with opened(tmp_path) as (_events, states, _follower):
            numbers.append(states.head().number)
            check_changes(states)
    assert kills == KILLS
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 3, "it did nothing in between"
    with opened(tmp_path) as (events, states, follower):
        events.put(all_events())
        while follower.run_once():
            pass
        check(events, states, RULES)
        check_changes(states)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
