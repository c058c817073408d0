"""The main job as a pipeline: beside the bare signature check, the same functions in a loop, and itself.

Events come from a Parquet file, which takes hardly any time to read. An archive is read once before, as the
blocks of its events may lie anywhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.archives import write_car, write_table
from bench.ceiling import bare_check
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.streams import make_events, model_event

_PROJECT: Final = Path(__file__).resolve().parents[1]
_STREAM_LENGTH: Final = 10
_CEILING_EVENTS: Final = 500
_CEILING_ROUNDS: Final = 3
_FEW: Final = 10
_MEGA: Final = 1e6


@dataclass(frozen=True, slots=True)
class _Run:
    """Seconds without what it takes to begin, the same of CPU, and the most memory in MB."""

    events: int
    seconds: float
    cpu: float
    before: float
    peak: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def micros(self) -> float:
        return 1e6 * self.cpu / self.events


@dataclass(frozen=True, slots=True)
class _Round:
    """One of each, one after the other, so that a slow minute hits all of them."""

    bare: float
    verify: _Run
    loop: _Run
    one: _Run
    single: _Run
    two: _Run
    archive: _Run


@dataclass(frozen=True, slots=True)
class _Whole:
    """A job with many events, and bare signature checks right before it."""

    bare: float
    run: _Run


def figures(effort: Effort) -> list[Figure]:
    """All of them."""
    few, many = effort.pipeline_events
    with tempfile.TemporaryDirectory() as folder:
        for number in (_FEW, few, many):
            events = [model_event(), *make_events(number, _STREAM_LENGTH)]
            write_table(Path(folder, f"{number}.parquet"), events)
            if number != many:
                write_car(Path(folder, f"{number}.car"), events)
        jobs = _Jobs(Path(folder))
        rounds = [jobs.round(few) for _ in range(effort.pipeline_rounds)]
        whole = [jobs.whole(many) for _ in range(effort.pipeline_many_rounds)]
    return [*_beside_others(rounds, few), *_of_many(rounds, whole, few, many)]


@dataclass(frozen=True, slots=True)
class _Jobs:
    """Runs jobs on events in a folder, each in a process of its own."""

    folder: Path

    def round(self, events: int) -> _Round:
        return _Round(
            bare=_bare_rate(),
            verify=self.run("verify-transform", events),
            loop=self.run("loop", events),
            one=self.run("export", events),
            single=self.run("export", events, "--threads", "1"),
            two=self.run("export", events, "--threads", "1", "--workers", "2"),
            archive=self.run("export", events, kind="car"),
        )

    def whole(self, events: int) -> _Whole:
        return _Whole(_bare_rate(), self.run("export", events))

    def run(self, job: str, events: int, *options: str, kind: str = "parquet") -> _Run:
        source, start = (f"{kind}:{self.folder / f'{number}.{kind}'}" for number in (events, _FEW))
        command = [sys.executable, "-m", "bench.child", job, source, "--start", start, *options]
        done = subprocess.run(command, cwd=_PROJECT, capture_output=True, check=False)
        if done.returncode != 0:
            msg = f"{job} {source} failed: {done.stderr.decode(errors='replace')}"
            raise RuntimeError(msg)
        found = json.loads(done.stdout)
        assert found["valid"] == events + 1  # the model
        seconds, cpu = found["seconds"] - found["begin"], found["cpu"] - found["begin_cpu"]
        return _Run(events, seconds, cpu, found["before"] / _MEGA, found["peak"] / _MEGA)


def _bare_rate() -> float:
    sample = [event.raw for event in make_events(_CEILING_EVENTS, _STREAM_LENGTH)]
    return 1e6 / bare_check(sample, _CEILING_ROUNDS).micros


def _beside_others(rounds: Sequence[_Round], events: int) -> list[Figure]:
    def figure(name: str, values: Sequence[float], beside: Series, unit: str = "events/s") -> Figure:
        return Figure.of(Series(name, values), beside, unit, _note(values, events))

    bare = Series("bare Ed25519 check", [each.bare for each in rounds])
    loop = Series("the same in a loop", [each.loop.rate for each in rounds])
    return [
        figure("verify transform, one process", [each.verify.rate for each in rounds], bare),
        figure("whole job, one process", [each.one.rate for each in rounds], bare),
        figure("whole job, one process, from a CAR archive", [each.archive.rate for each in rounds], bare),
        figure("whole job, one process, one thread", [each.single.rate for each in rounds], bare),
        figure("whole job beside a loop", [each.one.rate for each in rounds], loop),
        figure(
            "whole job, CPU per event",
            [each.one.micros for each in rounds],
            Series("the same in a loop", [each.loop.micros for each in rounds]),
            "µs",
        ),
        figure(
            "whole job, two processes",
            [each.two.rate for each in rounds],
            Series("one process, one thread", [each.single.rate for each in rounds]),
        ),
    ]


def _of_many(rounds: Sequence[_Round], whole: Sequence[_Whole], few: int, many: int) -> list[Figure]:
    """What a job does with many events, beside bare checks and beside itself with few."""

    def figure(name: str, values: Sequence[float], beside: Series, unit: str) -> Figure:
        return Figure.of(Series(name, values), beside, unit, _note(values, many))

    def of_few(values: Sequence[float]) -> Series:
        return Series(f"{few:,} events", values)

    job, runs = f"whole job, {many:,} events", [each.run for each in whole]
    some = [each.one for each in rounds[: len(runs)]]
    bare = Series("bare Ed25519 check", [each.bare for each in whole])
    rates = [run.rate for run in runs]
    return [
        figure(f"{job}, one process", rates, bare, "events/s"),
        figure(
            f"{job}, CPU per event", [run.micros for run in runs], of_few([run.micros for run in some]), "µs"
        ),
        figure(job, rates, of_few([run.rate for run in some]), "events/s"),
        figure(f"{job}, peak memory", [run.peak for run in runs], of_few([run.peak for run in some]), "MB"),
    ]


def _note(values: Sequence[float], events: int) -> str:
    return f"{len(values)} × {events:,} events, {spread(values)}"
