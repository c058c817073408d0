"""A follower in a thread of its own: woken, failing, and ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from ceramic_protocol.errors import OutsideError, StoreCorruption
from tests.node.states.following import NOTE, Following, note
from tests.node.states.test_reference_failures import refuse

_PATIENCE = 60.0


def wait_for(condition: Callable[[], bool]) -> None:
    until = monotonic() + _PATIENCE
    while not condition():
        assert monotonic() < until
        sleep(0.005)


def test_it_follows_and_tells() -> None:
    following = Following(poll=60.0)
    settled = Event()
    following.follower.start(settled.set)
    following.follower.start()
    try:
        for number in range(5):
            settled.clear()
            following.put(note(f"{number}"))
            following.follower.wake()
            assert settled.wait(_PATIENCE)
            wait_for(lambda: following.follower.lag == 0)
        following.put(NOTE)
        following.follower.wake()
        wait_for(lambda: all(following.state(note(f"{number}")).row.tip for number in range(5)))
    finally:
        following.follower.stop()
        following.follower.stop()
    following.check()


def test_it_looks_by_itself() -> None:
    following = Following(poll=0.01)
    following.follower.start()
    following.put(NOTE)
    wait_for(lambda: following.follower.lag == 0)
    following.follower.stop()


def test_it_ends_at_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    following = Following(poll=60.0)
    following.follower.start()
    following.meddled.instead["changed"] = lambda *_: refuse(OutsideError("the disk is full"))
    following.follower.wake()
    wait_for(lambda: following.follower.errors > 2)
    started = monotonic()
    following.follower.stop()
    assert monotonic() - started < 30


@pytest.mark.parametrize("error", [OutsideError("the disk is full"), ValueError("a mistake")])
def test_it_goes_on_after_a_failure(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    following = Following(poll=0.01)
    following.meddled.instead["changed"] = lambda *_: refuse(error)
    following.put(NOTE)
    following.follower.start()
    wait_for(lambda: following.follower.errors > 0)
    following.meddled.instead.clear()
    wait_for(lambda: following.follower.lag == 0)
    following.follower.stop()
    assert following.follower.broken is None
    following.check()


def test_it_stops_where_its_own_data_makes_no_sense(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    following = Following(poll=0.01)
    following.meddled.instead["changed"] = lambda *_: refuse(StoreCorruption("what is that"))
    following.follower.start()
    wait_for(lambda: following.follower.broken is not None)
    assert "what is that" in caplog.text
    following.follower.stop()


def test_readers_beside_it() -> None:
    following = Following(poll=0.01)
    following.put(NOTE)
    following.follower.start()
    wrong: list[Any] = []
    done = Event()

    def read() -> None:
        while not done.is_set():
            page = following.reader.event_states(0, 500).rows
            if len({row[6] for row in page}) != len(page):
                wrong.append(page)

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(100):
        following.put(note(f"{number}"))
        following.follower.wake()
    wait_for(lambda: following.follower.lag == 0)
    done.set()
    for reader in readers:
        reader.join(_PATIENCE)
    following.follower.stop()
    assert wrong == []
    following.check()
