"""Whole jobs in processes of their own: events per second beside the bare signature check, peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.archives import write_car, write_ndjson
from bench.ceiling import bare_check
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.streams import make_events, model_event
from ceramic_protocol.ports import RawEvent

_PROJECT: Final = Path(__file__).resolve().parents[1]
_STREAM_LENGTH: Final = 10
_CEILING_EVENTS: Final = 500
_CEILING_ROUNDS: Final = 3
_JOBS: Final = (("export", "car"), ("export", "ndjson"), ("verify", "car"), ("verify", "ndjson"))


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of the job, of the whole process and of a bare signature check; memory in MB."""

    job: float
    process: float
    check: float
    before: float
    peak: float


def figures(effort: Effort) -> list[Figure]:
    """Every job over every kind of source."""
    events = [model_event(), *make_events(effort.job_events, _STREAM_LENGTH)]
    sample = [event.raw for event in events[:_CEILING_EVENTS]]
    with tempfile.TemporaryDirectory() as folder:
        places = {"car": Path(folder, "events.car"), "ndjson": Path(folder, "events.ndjson")}
        write_car(places["car"], events)
        write_ndjson(places["ndjson"], events)
        runs: dict[tuple[str, str], list[Run]] = {job: [] for job in _JOBS}
        for _ in range(effort.job_runs):
            for job, kind in _JOBS:
                uri = f"{kind}:{places[kind]}"
                runs[job, kind].append(_run(job, uri, sample, effort.job_events))
    return [figure for job in _JOBS for figure in _figures(*job, runs[job], effort.job_events)]


def _run(job: str, uri: str, sample: Sequence[RawEvent], events: int) -> Run:
    check = bare_check(sample, _CEILING_ROUNDS).micros / 1e6
    command = [sys.executable, "-m", "bench.child", job, uri]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=_PROJECT, capture_output=True, check=False)
    process = time.perf_counter() - started
    if done.returncode != 0:
        msg = f"{job} {uri} failed: {done.stderr.decode(errors='replace')}"
        raise RuntimeError(msg)
    found = json.loads(done.stdout)
    assert found["valid"] == events + 1  # the model
    return Run(found["seconds"], process, check, found["before"] / 1e6, found["peak"] / 1e6)


def _figures(job: str, kind: str, runs: Sequence[Run], events: int) -> list[Figure]:
    def figure(what: str, unit: str, beside: str, pairs: Sequence[tuple[float, float]]) -> Figure:
        values, others = zip(*pairs, strict=True)
        note = f"{len(runs)} × {events:,} events, {spread(values)}"
        return Figure.of(Series(f"{job} {kind}:, {what}", values), Series(beside, others), unit, note)

    return [
        figure(
            "speed", "events/s", "bare Ed25519 check", [(events / run.job, 1 / run.check) for run in runs]
        ),
        figure("whole process", "s", "without start and imports", [(run.process, run.job) for run in runs]),
        figure("peak memory", "MB", "after imports", [(run.peak, run.before) for run in runs]),
    ]
