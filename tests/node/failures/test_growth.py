"""What an event costs doesn't grow with what is there: in ceramic-one it does (api.md 4.1 and 4.3)."""

from __future__ import annotations

import time
from pathlib import Path

from ceramic_protocol.stored import NewEvent
from tests.node.sql.serving import Serving, serving
from tests.node.states.following import NOTE
from tests.node.states.making import data, document, model_id

STEP, MORE = 200, 4_000


def streams(start: int, count: int) -> list[NewEvent]:
    """Documents of one model, with a change each."""
    inits = [document(model_id(NOTE), f"{number}") for number in range(start, start + count)]
    return [event for init in inits for event in (init, data(init, init, 1))]


def cost(served: Serving, start: int) -> float:
    """Seconds that this process computes for events in batches, with states and tables; the best of three."""
    found = []
    for turn in range(3):
        events = streams(start + turn * STEP, STEP)
        begun = time.process_time()
        for place in range(0, len(events), 100):
            served.put(events[place : place + 100])
        found.append(time.process_time() - begun)
    return min(found)


def test_the_next_events_cost_what_the_first_did(tmp_path: Path) -> None:
    """ceramic-one looks through all that it has for every batch."""
    with serving(tmp_path, [NOTE]) as served:
        first = cost(served, 0)
        for start in range(1_000, 1_000 + MORE, 500):
            served.put(streams(start, 500))
        # Ten times as much is there by now.
        assert cost(served, 100_000) < 4 * first
        assert served.one("SELECT count(*) FROM stream_states") == 1 + 6 * STEP + MORE
