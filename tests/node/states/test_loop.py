"""A loop: woken, paced, going on after failures, and ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

import pytest

from ceramic_node.states.loop import Loop, ThreadWakes
from ceramic_protocol.errors import OutsideError

_NEVER = 600.0


class Noted:
    """Wakes that note how long was waited, and work that ends after so many calls."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.waits: list[float] = []
        self.calls: list[float] = []
        self.during: Callable[[], object] = lambda: None
        self.wakes = ThreadWakes()

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.wakes.wait(min(seconds, 0.01))

    def work(self) -> bool:
        self.calls.append(monotonic())
        self.during()
        answer = self.answers.pop(0)
        if not self.answers:
            self.wakes.end()
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_is_left_to_do_is_done_at_once() -> None:
    noted = Noted(True, True, False)
    Loop("work", noted.work, poll=_NEVER, pace=_NEVER).run(noted)
    assert noted.waits == [0, 0, 0, _NEVER]


def test_calls_are_paced_when_nothing_is_left_to_do() -> None:
    noted = Noted(*[False] * 5)
    noted.during = noted.wakes.wake
    Loop("work", noted.work, poll=_NEVER, pace=0.05).run(noted)
    apart = [later - sooner for sooner, later in zip(noted.calls, noted.calls[1:], strict=False)]
    assert all(seconds >= 0.05 for seconds in apart)


def test_a_wake_during_the_work_or_while_it_rests_is_not_lost() -> None:
    wakes, calls = ThreadWakes(), list[bool]()

    def work() -> bool:
        calls.append(True)
        if len(calls) < 10:
            wakes.wake()
        else:
            wakes.end()
        return False

    Loop("work", work, poll=_NEVER, pace=0.001).run(wakes)
    assert len(calls) == 10


def test_each_failure_is_told_and_waited_for_longer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    noted, told = Noted(OutsideError("the disk is full"), ValueError("a mistake"), False), list[int]()
    loop = Loop("work", noted.work, poll=_NEVER, pace=0.0, on_error=lambda: told.append(loop.errors))
    loop.run(noted)
    assert told == [1, 2]
    assert loop.broken is None
    first, second, third = noted.calls
    assert second - first >= 0.1
    assert third - second >= 0.2


def test_the_end_is_not_waited_for_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    noted = Noted(OutsideError("the disk is full"))
    started = monotonic()
    Loop("work", noted.work, poll=_NEVER).run(noted.wakes)
    assert monotonic() - started < 0.1
