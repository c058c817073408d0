"""What stores of states tell of their changes, in one piece."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from tests.node.sql.mirroring import World
from tests.node.states.world import EVENTS


@pytest.fixture(params=["memory", "sqlite"])
def states(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    found: StateStore = MemoryStates() if request.param == "memory" else SqliteStates(tmp_path / "states")
    yield found
    found.close()


@pytest.mark.parametrize("limit", [1, 4, 1_000])
def test_pages_of_changes_make_the_whole(states: StateStore, limit: int) -> None:
    draw = random.Random(limit)
    world = World(states=states)
    events = EVENTS.copy()
    draw.shuffle(events)
    standing: dict[Cid, int] = {}
    tipped: dict[Cid, int] = {}
    after = 0
    while events:
        world.events.put(events[:9])
        del events[:9]
        world.settle()
        while True:
            delta = states.delta(after, limit)
            numbers = [row.number for row, _stream in delta.events] + [row.number for row in delta.streams]
            assert all(after < number <= delta.to for number in numbers)
            standing.update({row.cid: row.number for row, _stream in delta.events})
            tipped.update({row.stream: row.number for row in delta.streams})
            for cid in delta.others:
                standing.pop(cid, None)
            for cid in delta.tipless:
                tipped.pop(cid, None)
            after = delta.to
            if delta.is_last:
                break
        pages = states.event_page(0, 10_000)
        assert standing == {row.cid: row.number for row, _stream in pages}
        assert delta.first_event == min(standing.values(), default=0)
        streams = states.stream_page(0, 10_000)
        assert tipped == {stream.row.stream: stream.row.number for stream in streams}
        assert delta.first_stream == min(tipped.values(), default=0)
        assert delta.is_whole
        assert delta.head == states.head()


def test_nothing_is_a_delta_too(states: StateStore) -> None:
    delta = states.delta(0, 10)
    assert (delta.to, delta.is_last, delta.first_event, delta.first_stream) == (0, True, 0, 0)
    with pytest.raises(UsageError):
        states.delta(0, 0)
