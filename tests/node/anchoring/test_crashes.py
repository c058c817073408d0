"""Nothing is anchored twice and nothing is lost, wherever the program ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import AnchorService, Book, DevAnchorer, Leaf, State
from tests.node.anchoring.crashing import Anchoring, Crash, Fuse, Sinking, fused
from tests.node.anchoring.making import Clock, Collected, DevWorld, leaf, leaves, run
from tests.support.vectors import PROJECT

COUNT, LIMIT = 7, 3
BATCHES = -(-COUNT // LIMIT)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system outlives all ends in this process, so that nothing has to be on the disk."""
    monkeypatch.setattr(os, "fsync", lambda _handle: None)


def until_crash(world: DevWorld, at: int | None, wanted: list[Leaf]) -> Fuse:
    """Run all of it, requests too, until the fuse burns through."""
    fuse = Fuse(at)
    with world.open_chain() as chain, world.open_book() as book:
        fused(book, fuse)
        try:
            anchorer = Anchoring(DevAnchorer(chain, world.clock), fuse)
            sink = Sinking(world.sink, fuse)
            service = AnchorService(book, anchorer, sink, limit=world.limit, clock=world.clock)
            book.request_all(wanted)
            run(service)
        except Crash:
            pass
    return fuse


def points(tmp_path: Path) -> list[str]:
    folder = tmp_path / "whole"
    folder.mkdir()
    return until_crash(DevWorld(folder, LIMIT), None, leaves(COUNT)).passed


def test_a_crash_at_any_point(tmp_path: Path) -> None:
    passed = points(tmp_path)
    kinds = {name.split()[1] for name in passed}
    assert kinds >= {"prepare", "submit", "look", "sink", "BEGIN", "COMMIT", "INSERT", "UPDATE"}
    for at in range(1, len(passed) + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        world = DevWorld(folder, LIMIT)
        assert until_crash(world, at, leaves(COUNT)).points == at, "it went off"
        until_crash(world, None, leaves(COUNT))
        with world.open_chain() as chain:
            world.sink.check(chain, leaves(COUNT))
        assert world.transactions() == BATCHES, passed[at - 1]


def test_a_crash_after_a_crash_after_a_crash(tmp_path: Path) -> None:
    random = Random(7)
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = DevWorld(folder, LIMIT)
        for _ in range(random.randrange(2, 9)):
            until_crash(world, random.randrange(1, 60), leaves(COUNT))
        until_crash(world, None, leaves(COUNT))
        with world.open_chain() as chain:
            world.sink.check(chain, leaves(COUNT))
        assert world.transactions() == BATCHES


class Crashing(RuleBasedStateMachine):
    """Requests, steps and crashes in any order, against a list of what was asked for."""

    @initialize(folder=st.integers(0, 1 << 62))
    def begin(self, folder: int) -> None:
        self.folder = Crashing.base / f"{folder}-{time.monotonic_ns()}"
        self.folder.mkdir()
        self.world = DevWorld(self.folder, LIMIT)
        self.newest: dict[int, int] = {}
        self.asked: set[Leaf] = set()
        self.open()

    base: Path

    def open(self) -> None:
        self.fuse = Fuse()
        self.chain = self.world.open_chain()
        self.book = fused(self.world.open_book(), self.fuse)
        anchorer = Anchoring(DevAnchorer(self.chain, self.world.clock), self.fuse)
        sink = Sinking(self.world.sink, self.fuse)
        self.service = AnchorService(self.book, anchorer, sink, limit=LIMIT, clock=self.world.clock)

    def close(self) -> None:
        self.book.close()
        self.chain.close()

    @rule(number=st.integers(0, 5), again=st.booleans())
    def request(self, number: int, again: bool) -> None:
        version = self.newest.get(number, -1) + (0 if again and number in self.newest else 1)
        self.newest[number] = version
        self.asked.add(leaf(number, version))
        self.service.request(*leaf(number, version))

    @rule()
    def step(self) -> None:
        self.service.step()

    @rule(after=st.integers(1, 40))
    def crash(self, after: int) -> None:
        self.fuse.at = self.fuse.points + after
        try:
            run(self.service)
        except Crash:
            self.close()
            self.open()
        self.fuse.at = None

    @invariant()
    def every_event_is_under_one_transaction(self) -> None:
        if hasattr(self, "book"):
            batches = sum(self.book._file.db.execute("SELECT count(*) FROM batch").fetchone())
            assert len(self.chain._anchors) <= batches

    def teardown(self) -> None:
        if not hasattr(self, "book"):
            return
        run(self.service)
        replaced = {each for each in self.asked if self.state(each) is State.REPLACED}
        self.world.sink.check(self.chain, self.asked - replaced)
        assert {leaf(number, version) for number, version in self.newest.items()}.isdisjoint(replaced)
        batches = self.book._file.db.execute("SELECT count(*) FROM batch").fetchone()[0]
        assert len(self.chain._anchors) == batches
        self.close()

    def state(self, wanted: Leaf) -> State:
        found = self.book.find(wanted.tip)
        assert found is not None
        return found.state


def test_requests_steps_and_crashes_in_any_order(tmp_path: Path) -> None:
    Crashing.base = tmp_path
    run_state_machine_as_test(Crashing, settings=settings(stateful_step_count=25))


KILLED, KILLED_LIMIT = 400, 5


def test_a_process_that_is_killed(tmp_path: Path) -> None:
    random, kills = Random(11), 0
    for _ in range(8):
        command = [sys.executable, "-m", "tests.node.anchoring.test_crashes", str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as process:
            assert process.stdout is not None
            for _ in range(random.randrange(1, 9)):
                process.stdout.readline()
            time.sleep(random.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        if _lines(tmp_path) >= KILLED:
            break
    finish(tmp_path)
    assert kills >= 2, "it was too quick to be killed"
    with DevChain(path=tmp_path / "chain.json") as chain, Book(tmp_path / "book.sqlite") as book:
        assert book.counts()[State.DONE] == KILLED
        assert len(chain._anchors) == KILLED // KILLED_LIMIT
    kept = (tmp_path / "sink").read_text().splitlines()
    assert {line.split()[0] for line in kept} == {str(each.tip) for each in leaves(KILLED)}
    assert len(set(kept)) == KILLED, "what came twice came with the same CID"


def _lines(folder: Path) -> int:
    sink = folder / "sink"
    return len(set(sink.read_text().splitlines())) if sink.exists() else 0


def finish(folder: Path) -> None:
    """What the process does."""
    with (
        DevChain(path=folder / "chain.json", clock=Clock()) as chain,
        Book(folder / "book.sqlite") as book,
        (folder / "sink").open("a") as file,
    ):

        def sink(events: object) -> None:
            collected = Collected()
            collected(events)  # type: ignore[arg-type]
            file.writelines(f"{each.tip} {each.event.cid}\n" for each in collected.events.values())
            file.flush()
            sys.stdout.write("some more\n")
            sys.stdout.flush()

        service = AnchorService(book, DevAnchorer(chain), sink, limit=KILLED_LIMIT)
        book.request_all(leaves(KILLED))
        run(service)


if __name__ == "__main__":
    finish(Path(sys.argv[1]))


@pytest.mark.parametrize("point", ["before submit", "after submit", "after COMMIT"])
def test_the_campaign_reaches_what_it_should(tmp_path: Path, point: str) -> None:
    assert points(tmp_path).count(point) >= BATCHES
