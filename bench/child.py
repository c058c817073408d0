"""A whole job in a process of its own: `python -m bench.child JOB SOURCE` prints what it took, as JSON.

With `--start SOURCE` the job runs on that source first, twice, to tell what it takes to begin.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from bench.memory import peak_bytes
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier


class How(NamedTuple):
    """What with: threads that check signatures, and processes."""

    threads: int | None
    workers: int


Job: TypeAlias = Callable[[str, Path, How], int]
"""Takes a source and a folder to write to; gives the number of valid events."""

_RULES: Final = Rules.as_of(datetime(2026, 1, 1, tzinfo=UTC))


def _load_export() -> Job:
    from ceramic_pipelines.export import ExportJob, run_export
    from ceramic_protocol.reasons import Outcome

    def export(source: str, folder: Path, how: How) -> int:
        job = ExportJob(source, folder / "out", _RULES, threads=how.threads, workers=how.workers)
        return run_export(job).number(Outcome.VALID)

    return export


def _load_verify() -> Job:
    from ceramic_connectors.sources import open_source
    from ceramic_pipelines.ledger import Ledger

    def verify(source: str, folder: Path, _how: How) -> int:
        with Ledger(folder) as ledger:
            ledger.fill(open_source(source, folder), Verifier(), lambda _items: None)
            for _history in ledger.judge(ledger.histories(_RULES)):
                pass
            return sum(line.reason is None for line in ledger.lines(_RULES))

    return verify


def _load_verify_transform() -> Job:
    from bench.verify_pipeline import run_verify

    return lambda source, folder, how: run_verify(source, folder, how.threads, how.workers)


def _load_loop() -> Job:
    import apache_beam as _beam  # noqa: F401  # so that both start from the same memory

    from bench.plain_loop import run_loop

    return lambda source, folder, how: run_loop(source, folder, _RULES, how.threads)


_JOBS: Final[dict[str, Callable[[], Job]]] = {
    "export": _load_export,
    "verify": _load_verify,
    "verify-transform": _load_verify_transform,
    "loop": _load_loop,
}


def _timed(job: Job, source: str, how: How) -> tuple[int, float, float]:
    """Valid events, seconds, and CPU seconds of this process and of those that it started."""
    with tempfile.TemporaryDirectory() as folder:
        started, before = time.perf_counter(), _cpu_seconds()
        valid = job(source, Path(folder), how)
        return valid, time.perf_counter() - started, _cpu_seconds() - before


def _cpu_seconds() -> float:
    mine, theirs = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def main() -> None:
    """Run a job; print valid events, seconds, CPU seconds, and peaks of memory before and after in bytes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=_JOBS)
    parser.add_argument("source")
    parser.add_argument("--start")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    job, how = _JOBS[given.job](), How(given.threads, given.workers)
    begin, begin_cpu = 0.0, 0.0
    if given.start:
        # What is read and compiled once is no matter of how long the second one takes.
        _timed(job, given.start, how)
        _valid, begin, begin_cpu = _timed(job, given.start, how)
    before = peak_bytes()
    valid, seconds, cpu = _timed(job, given.source, how)
    found = {"valid": valid, "seconds": seconds, "cpu": cpu, "begin": begin, "begin_cpu": begin_cpu}
    print(json.dumps({**found, "before": before, "peak": peak_bytes()}))


if __name__ == "__main__":
    main()
