"""Incremental exports that are killed again and again while others read, and what comes out in the end."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ceramic_connectors.versions import CURRENT
from tests.support.crashing_export import POINTS, run_compaction, run_step
from tests.support.export_readers import by_manifest, known_as, read_all_the_time
from tests.support.increments import Step, assert_same, rows, steps
from tests.support.mixed_set import MixedSet

_STEP_SECONDS: Final = 120
_PROCESSES: Final = multiprocessing.get_context("forkserver")


@dataclass
class Campaign:
    """How often an export was killed and where, and what was published and read meanwhile."""

    kills: Counter[str] = field(default_factory=Counter)
    wholes: int = 0
    looks: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    versions: int = 0
    compactions: int = 0

    @property
    def closing_line(self) -> str:
        """Figures in words."""
        points = sum(number for point, number in self.kills.items() if point in POINTS)
        return (
            f"{self.kills.total()} kills ({self.kills['random']} at random moments, {points} at "
            f"{len(self.kills.keys() & POINTS.keys())} of {len(POINTS)} named points), {self.wholes} series "
            f"of increments, {self.compactions} compactions between them, equal to the whole; "
            f"{self.looks.total():,} looks by manifest, dataset and glob saw one of {self.versions} "
            f"published versions each, {self.failed} found a file gone"
        )


def run_campaign(folder: Path, kills: int, *, increments: int, seed: int = 1) -> Campaign:
    """Kill exports so many times at random moments, and at every named point, then check it all.

    Args:
        folder: an empty folder.
        kills: at random moments.
        increments: of one series; a new one begins when it is through.
        seed: what sources and moments follow from.

    Raises:
        AssertionError: a reader saw what was never published, or the tables aren't those of the whole.
    """
    _PROCESSES.set_forkserver_preload(["tests.support.crashing_export", "tests.support.export_readers"])
    chance, campaign = random.Random(seed), Campaign()
    plan = ["random"] * kills + list(POINTS)
    chance.shuffle(plan)
    number = 0
    while plan:
        place = folder / str(number)
        place.mkdir()
        _Series(place, campaign, chance, seed + number).run(plan, increments)
        shutil.rmtree(place)
        number += 1
    return campaign


class _Series:
    """Increments into one folder, and the whole export that they end in."""

    def __init__(self, folder: Path, campaign: Campaign, chance: random.Random, seed: int) -> None:
        self._folder = folder
        self._output = folder / "out"
        self._campaign = campaign
        self._chance = chance
        self._seed = seed
        self._published: list[tuple[str, ...]] = []
        self._seconds = 3.0

    def run(self, plan: list[str], increments: int) -> None:
        mixed = MixedSet(self._seed, models=2, documents=3, sessions=8)
        parts, whole = steps(self._folder, mixed.cars, mixed.chain, increments, self._seed)
        with _reading(self._output, self._folder / "seen"):
            for step in parts:
                # Killed more than once before it may complete, now and then.
                while plan and self._chance.random() < 0.75:
                    self._kill(step, plan)
                self._complete(step)
        whole.run(self._folder / "whole")
        assert_same(self._output, rows(self._folder / "whole"))
        versions = [path.name for path in (self._output / "versions").iterdir()]
        assert len(versions) == 1, f"leftovers: {versions}"
        self._campaign.wholes += 1
        self._campaign.versions += len(set(self._published))
        self._check_looks()

    def _kill(self, step: Step, plan: list[str]) -> None:
        """Run the increment and kill it; what the plan has stays there if it didn't come to that."""
        point = plan.pop()
        named = None if point == "random" else point
        process = _PROCESSES.Process(
            target=run_step, args=(step, self._output, named, self._chance.randint(0, 1))
        )
        process.start()
        if named is None:
            process.join(self._chance.uniform(0, self._seconds))
            process.kill()
        process.join(_STEP_SECONDS)
        if process.exitcode == -signal.SIGKILL:
            self._campaign.kills[point] += 1
        else:
            assert process.exitcode == 0, process.exitcode
            plan.insert(0, point)
        self._look()

    def _complete(self, step: Step) -> None:
        process = _PROCESSES.Process(target=run_step, args=(step, self._output, None, 0))
        started = time.monotonic()
        process.start()
        process.join(_STEP_SECONDS)
        assert process.exitcode == 0, process.exitcode
        self._seconds = time.monotonic() - started
        self._look()
        if self._chance.random() < 0.3:
            self._compact()

    def _compact(self) -> None:
        """Put files together under the readers' eyes, after a try that may be killed."""
        for patience in (self._chance.uniform(0, 0.3), _STEP_SECONDS):
            process = _PROCESSES.Process(target=run_compaction, args=(self._output,))
            process.start()
            process.join(patience)
            process.kill()
            process.join()
            self._look()
        assert process.exitcode == 0, process.exitcode
        self._campaign.compactions += 1

    def _look(self) -> None:
        """What is published now, while nobody writes."""
        if (self._output / CURRENT).is_symlink():
            self._published.append(by_manifest(self._output))

    def _check_looks(self) -> None:
        known = known_as(self._published)
        for line in (self._folder / "seen").read_text().splitlines():
            how, *tables = line.split()
            if tables == ["failed"]:
                self._campaign.failed += 1
                continue
            assert tuple(tables) in known[how], f"{how} saw what was never published"
            self._campaign.looks[how.split(":")[0]] += 1


@contextmanager
def _reading(output: Path, log: Path) -> Iterator[None]:
    stop: Any = _PROCESSES.Event()
    reader = _PROCESSES.Process(target=read_all_the_time, args=(output, stop, log))
    reader.start()
    try:
        yield
        assert reader.is_alive(), "the reader gave up"
    finally:
        stop.set()
        reader.join(_STEP_SECONDS)
