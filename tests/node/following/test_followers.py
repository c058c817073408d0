"""Every follower, whether a thread of this process or another process: one suite for both."""

from __future__ import annotations

import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from ceramic_node.clock import SystemClock
from ceramic_node.following.child import Line
from ceramic_node.following.messages import WAKE, Orders, Report
from ceramic_node.following.port import Follower, Turn
from ceramic_node.following.process import FollowerProcess
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import SqliteStore, open_store
from ceramic_protocol.cid import Cid
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak
from tests.node.states.following import NOTE, note
from tests.node.states.test_thread import wait_for

_STATES = "states.sqlite"
_PATIENCE = 60.0


@dataclass
class World:
    """A store in a folder, its states, and who follows them."""

    events: SqliteStore
    states: SqliteStates
    follower: Follower
    turns: list[Turn]
    settled: Event = field(default_factory=Event)

    def has(self, cid: Cid) -> bool:
        return self.states.event(cid, cid) is not None

    def put(self, *names: str) -> list[Cid]:
        new = [note(name) for name in names]
        self.events.put(new)
        self.follower.wake()
        return [event.checked.cid for event in new]


def orders(folder: Path) -> Orders:
    return Orders(folder, _STATES, Profile.JS, TieBreak.BINARY, 7, 8)


class AnyFollower(ABC):
    """What each of them has to do."""

    @abstractmethod
    def make(self, folder: Path, events: SqliteStore, turns: list[Turn], closes: ExitStack) -> World:
        """One that hasn't been started, over the stores of a folder."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        with ExitStack() as stack:
            events = stack.enter_context(open_store(tmp_path, clock=SystemClock()))
            world = self.make(tmp_path, events, [], stack)
            stack.callback(world.follower.stop)
            events.put([NOTE])
            yield world

    def test_it_follows_and_tells(self, world: World) -> None:
        (before,) = world.put("before")
        world.follower.start(world.settled.set)
        world.follower.start(world.settled.set)
        wait_for(lambda: world.has(before))
        for number in range(5):
            world.settled.clear()
            (cid,) = world.put(f"{number}")
            assert world.settled.wait(_PATIENCE)
            wait_for(lambda wanted=cid: world.has(wanted))  # type: ignore[misc]
        wait_for(lambda: world.follower.lag == 0)
        assert sum(turn.streams for turn in world.turns) >= 7
        assert all(turn.seconds > 0 and turn.began > 0 for turn in world.turns)
        assert (world.follower.failures, world.follower.errors, world.follower.broken) == (0, 0, None)

    def test_it_ends_and_another_one_goes_on(self, world: World, tmp_path: Path) -> None:
        world.follower.start()
        (cid,) = world.put("one")
        wait_for(lambda: world.has(cid))
        world.follower.stop()
        world.follower.stop()
        (late,) = world.put("two")
        world.states.close()
        with ExitStack() as stack:
            again = self.make(tmp_path, world.events, [], stack)
            stack.callback(again.follower.stop)
            assert again.follower.lag == 1
            assert not again.has(late)
            again.follower.start()
            wait_for(lambda: again.has(late))

    def test_its_rules(self, world: World, tmp_path: Path) -> None:
        rules, wanted = world.follower.rules, orders(tmp_path).rules(SystemClock())
        assert abs(rules.at - wanted.at) < 60_000
        assert (rules.tie_break, rules.grace, rules.skew, rules.profile) == (
            TieBreak.BINARY,
            7,
            8,
            Profile.JS,
        )
        world.follower.start()
        (cid,) = world.put("one")
        wait_for(lambda: world.has(cid))
        assert world.states.head().rules == "js binary grace 7 skew 8"

    def test_stopped_before_it_is_started(self, world: World) -> None:
        world.follower.wake()
        world.follower.stop()
        assert world.follower.broken is None


class TestThread(AnyFollower):
    def make(self, folder: Path, events: SqliteStore, turns: list[Turn], closes: ExitStack) -> World:
        states = closes.enter_context(closing(SqliteStates(folder / _STATES)))
        clock = SystemClock()
        follower = StateFollower(events, states, lambda: orders(folder).rules(clock), on_turn=turns.append)
        return World(events, states, follower, turns)


class TestProcess(AnyFollower):
    def make(self, folder: Path, events: SqliteStore, turns: list[Turn], closes: ExitStack) -> World:
        SqliteStates(folder / _STATES, patience=_PATIENCE).close()
        states = closes.enter_context(closing(SqliteStates(folder / _STATES, reads_only=True)))
        follower = FollowerProcess(
            events, orders(folder), SystemClock(), version=states.head().version, on_turn=turns.append
        )
        return World(events, states, follower, turns)

    def test_one_that_is_killed_is_followed_by_another_one(self, world: World) -> None:
        follower = world.follower
        assert isinstance(follower, FollowerProcess)
        follower.start()
        for number in range(3):
            (cid,) = world.put(f"{number}")
            wait_for(lambda wanted=cid: world.has(wanted))  # type: ignore[misc]
            assert follower.process is not None
            gone = follower.process
            gone.kill()
            gone.wait()
            (cid,) = world.put(f"{number} again")
            wait_for(lambda wanted=cid: world.has(wanted))  # type: ignore[misc]
            assert follower.errors == number + 1
        follower.stop()
        assert follower.process is not None
        assert follower.process.returncode == 0

    def test_signals_that_go_to_all_processes_do_not_end_it(self, world: World) -> None:
        follower = world.follower
        assert isinstance(follower, FollowerProcess)
        follower.start()
        (cid,) = world.put("one")
        wait_for(lambda: world.has(cid))
        assert follower.process is not None
        follower.process.terminate()
        follower.process.send_signal(2)
        (cid,) = world.put("two")
        wait_for(lambda: world.has(cid))
        assert follower.process.poll() is None

    def test_damage_ends_it_for_good(self, world: World, tmp_path: Path) -> None:
        follower = world.follower
        world.states.close()
        (tmp_path / _STATES).write_bytes(b"no database at all " * 1000)
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"{_STATES}{suffix}").unlink(missing_ok=True)
        follower.start()
        wait_for(lambda: follower.broken is not None)
        assert "is damaged" in str(follower.broken)
        assert follower.errors == 0

    def test_another_writer_is_waited_for(self, world: World, tmp_path: Path) -> None:
        with closing(SqliteStates(tmp_path / _STATES)):
            world.follower.start()
            (cid,) = world.put("one")
            assert not world.settled.wait(1.0)
        wait_for(lambda: world.has(cid))

    def test_it_ends_with_a_node_that_is_killed(self, tmp_path: Path) -> None:
        code = (
            "import sys, time; from pathlib import Path; from tests.node.following.test_followers import *\n"
            "folder = Path(sys.argv[1]); events = open_store(folder, clock=SystemClock()); turns = []\n"
            "world = TestProcess().make(folder, events, turns, ExitStack()); world.follower.start()\n"
            "world.put('one')\n"
            "while not turns: time.sleep(0.01)\n"
            "print('up', flush=True); time.sleep(600)"
        )
        node = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert node.stdout is not None
        with node.stdout:
            assert node.stdout.readline() == b"up\n"
            node.kill()
            node.wait()
        with closing(SqliteStates(tmp_path / _STATES, patience=_PATIENCE)) as states:
            assert states.head().version == 1


@pytest.fixture
def line() -> Iterator[tuple[Line, socket.socket]]:
    """One end of a line, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Line(theirs), ours


def test_a_line_wakes_as_often_as_it_was_listened_to(line: tuple[Line, socket.socket]) -> None:
    wakes, node = line
    assert wakes.wait(0)
    for _ in range(100):
        node.sendall(WAKE)
    assert wakes.wait(_PATIENCE), "it is woken at once"
    started = monotonic()
    assert wakes.wait(0.02)
    assert monotonic() - started >= 0.01, "all of it was heard"


@pytest.mark.parametrize("is_rude", [False, True])
def test_a_line_that_is_hung_up_is_the_end(line: tuple[Line, socket.socket], *, is_rude: bool) -> None:
    wakes, node = line
    wakes.say(Report(1))
    if is_rude:
        node.close()
    else:
        node.shutdown(socket.SHUT_WR)
    assert not wakes.wait(_PATIENCE)
    assert not wakes.wait(0)
    wakes.say(Report(2))


def test_what_is_said_is_what_is_heard(tmp_path: Path) -> None:
    given = orders(tmp_path)
    assert Orders.read(given.line()) == given
    report = Report(7, 8, 0.5, 9, 10, 11, "all")
    assert Report.read(report.line()) == report
