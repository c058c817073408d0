"""A process that puts batches into a store until it is killed, and the campaign that kills it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from ceramic_node.clock import SystemClock
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import SqliteStore, open_store
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import EventStore
from ceramic_protocol.stored import NewEvent, PutOutcome
from tests.node.store.making import chain_of, init, nameless, proven
from tests.node.store.making import time as anchored
from tests.node.store.reading import all_keys, feed_of
from tests.node.store.sharing import under
from tests.support.vectors import PROJECT

STREAMS, LENGTH = 60, 12
ASKED_EVERY = 5
"""Batches after which the process asks for keys of Recon, which makes those that are missing."""

LONGEST_PAUSE = 0.003
"""Seconds from when a batch was acknowledged until the process is killed: some batches take as long."""


def batches(seed: int) -> list[list[NewEvent]]:
    """Events of many streams, shuffled so that many wait, some of them several times and better informed."""
    random = Random(seed)
    events: list[NewEvent] = []
    for number in range(STREAMS):
        stream = init(f"{seed} {number}")
        log = [stream, *chain_of(stream, LENGTH)]
        anchor = anchored(stream, log[random.randrange(len(log))], number)
        late = nameless(anchored(stream, anchor, "late"))
        events += [*log, anchor, proven(anchor), late, nameless(proven(late)), under(stream, log[3], number)]
    random.shuffle(events)
    found = []
    while events:
        size = random.choice([1, 1, 1, 5, 40])
        found.append(events[:size])
        del events[:size]
    return found


@dataclass
class Campaign:
    """Kills the process so often, at random moments, and looks at what is left each time."""

    folder: Path
    seed: int
    kills: int
    killed: int = 0
    acknowledged: int = 0
    feed: list[tuple[int, Cid]] = field(default_factory=list)
    version: int = 0

    def run(self) -> None:
        """All of it; raises `AssertionError` if something is lost, or is there twice."""
        random, plan = Random(self.seed), batches(self.seed)
        while self.killed < self.kills and self.acknowledged < len(plan):
            left = len(plan) - self.acknowledged
            self._live(random.randint(0, 2 * left // (self.kills - self.killed)), random.random())
            with open_store(self.folder, clock=SystemClock()) as store:
                self._look(store, plan)
        with open_store(self.folder, clock=SystemClock()) as store:
            for batch in plan[self.acknowledged :]:
                store.put(batch)
            self.acknowledged = len(plan)
            self._look(store, plan)
            self._compare(store, plan)
            assert store.check() == []

    def _live(self, batches: int, pause: float) -> None:
        command = [sys.executable, "-m", "tests.node.store.crashing", str(self.folder), str(self.seed)]
        command.append(str(self.acknowledged))
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            lines = [line for line in (process.stdout.readline() for _ in range(batches)) if line]
            time.sleep(pause * LONGEST_PAUSE)
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.read().split()
            self.killed += process.wait() == -signal.SIGKILL
        self.acknowledged = max(self.acknowledged, *map(int, lines), 0)

    def _look(self, store: SqliteStore, plan: list[list[NewEvent]]) -> None:
        """Nothing acknowledged is missing; what was in the feed is there still, and nothing between it."""
        for batch in plan[: self.acknowledged]:
            assert set(store.put(batch).outcomes) == {PutOutcome.KNOWN}
        feed = [(entry.position, entry.checked.cid) for entry in feed_of(store)]
        assert feed[: len(self.feed)] == self.feed
        assert [position for position, _cid in feed] == list(range(1, len(feed) + 1))
        assert store.head().version >= self.version
        self.feed, self.version = feed, store.head().version
        assert store.check() == []

    def _compare(self, store: SqliteStore, plan: list[list[NewEvent]]) -> None:
        """In the end it is what it would have been."""
        undisturbed = MemoryStore()
        for batch in plan:
            undisturbed.put(batch)
        assert {cid for _position, cid in self.feed} == {e.checked.cid for e in feed_of(undisturbed)}
        assert all_keys(store.recon) == all_keys(undisturbed.recon)
        for stream in streams_of(undisturbed):
            assert store.snapshot(stream).events == undisturbed.snapshot(stream).events
        for batch in plan:
            for event in batch:
                found, wanted = store.event(event.checked.cid), undisturbed.event(event.checked.cid)
                assert found is not None
                assert wanted is not None
                assert (found.car, found.checked) == (wanted.car, wanted.checked)


def streams_of(store: EventStore) -> Iterator[Cid]:
    """All streams."""
    yield from (stream for stream, _version in store.changed(0, 10_000))


def main(folder: Path, seed: int, first: int) -> None:
    """What the process does: put the batches from one on, and say of each that it was put."""
    plan = batches(seed)
    with open_store(folder, clock=SystemClock()) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for number in range(first, len(plan)):
            store.put(plan[number])
            if number % ASKED_EVERY == 0:
                store.recon.range_hash(b"", b"\xff")
            sys.stdout.write(f"{number + 1}\n")
            sys.stdout.flush()
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
