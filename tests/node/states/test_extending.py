"""What is added to the end of a stream is judged from what is kept, and comes out as from the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceramic_node.states.extending import Extension
from ceramic_node.states.live_cache import LiveCache
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.states.writing import Writing
from ceramic_protocol.stored import NewEvent
from tests.node.states.following import NOTE, Following, note
from tests.node.states.making import data, time

DOC = note("document")


def forgetful(**options: Any) -> Following:
    """One that `settled` lets forget what it has in memory."""
    return Following(cache=LiveCache(), **options)


def settled(following: Following, *events: NewEvent) -> int:
    """Put events, each by itself, to be met anew; gives how often their stream was begun or extended."""
    real, extended = Extension.write, list[bool]()

    def counted(self: Extension) -> None:
        if self.stream == events[0].checked.stream:
            extended.append(True)
        real(self)

    with patch.object(Extension, "write", counted):
        for event in events:
            following.put(event)
            following.settle()
            following.options["cache"].clear()
    return len(extended)


def test_what_follows_on_the_tip_is_judged_by_itself() -> None:
    following = forgetful()
    following.put(NOTE)
    first, second = data(DOC, DOC, 1), data(DOC, data(DOC, DOC, 1), 2)
    assert settled(following, DOC, first, second) == 3
    following.check()
    assert following.state(DOC).row.length == 3


def test_what_begins_with_all_that_follows() -> None:
    following = forgetful()
    first = data(DOC, DOC, 1)
    following.put(NOTE)
    following.settle()
    following.put(DOC, first, data(DOC, first, 2))
    with patch.object(Writing, "write", side_effect=AssertionError):
        following.settle()
    following.check()
    assert following.state(DOC).row.length == 3


def test_what_begins_before_its_model_waits_for_it() -> None:
    following = forgetful()
    assert settled(following, DOC) == 0
    following.put(NOTE)
    following.check()
    assert following.state(DOC).row.tip == DOC.checked.cid


def test_behind_an_anchor() -> None:
    following = forgetful()
    following.put(NOTE)
    first = data(DOC, DOC, 1)
    anchor = time(DOC, first, 500)
    assert settled(following, DOC, first, anchor, data(DOC, anchor, 2)) == 3
    following.check()
    assert following.state(DOC).row.length == 4


@pytest.mark.parametrize("bad", ["fork", "patch", "waiting"])
def test_what_is_not_as_simple_is_left_to_others(bad: str) -> None:
    following = forgetful()
    following.put(NOTE)
    first = data(DOC, DOC, 1)
    late = data(DOC, first, 3)
    events = {
        "fork": [DOC, first, data(DOC, DOC, 2)],
        "patch": [DOC, data(DOC, DOC, [{"op": "replace", "path": "/nowhere/x", "value": 1}])],
        "waiting": [DOC, late, first],
    }[bad]
    extended = settled(following, *events)
    assert extended == (2 if bad == "fork" else 1)
    following.check()


@settings(max_examples=60)
@given(
    parents=st.lists(st.integers(0, 7), max_size=7),
    anchored=st.sets(st.integers(0, 7)),
    batches=st.lists(st.integers(1, 3), min_size=8, max_size=8),
    shuffled=st.booleans(),
)
def test_any_stream_comes_out_as_from_the_whole(
    parents: list[int], anchored: set[int], batches: list[int], *, shuffled: bool
) -> None:
    events = [DOC]
    for number, parent in enumerate(parents):
        on = events[min(parent, len(events) - 1)] if parent < 6 else events[-1]
        events.append(time(DOC, on, 100 + number) if number in anchored else data(DOC, on, number))
    if shuffled:
        events = [*events[1::2], *events[::2]]
    following = forgetful()
    following.put(NOTE)
    for size in batches:
        following.put(*events[:size])
        del events[:size]
        following.settle()
        following.options["cache"].clear()
    following.check()


def test_in_a_file(tmp_path: Path) -> None:
    states = SqliteStates(tmp_path / "states.sqlite")
    following = forgetful(states=states)
    following.put(NOTE)
    at, events = DOC, [DOC]
    for number in range(20):
        at = data(DOC, at, number)
        events.append(at)
    assert settled(following, *events) == 21
    following.check()
    states.close()
