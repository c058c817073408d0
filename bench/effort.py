"""How much to measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Effort:
    """Sizes of a run.

    `rounds` of `events` for what is measured per event, streams of `stream_lengths`; the whole job `job_runs`
    times over `job_events`.
    """

    rounds: int
    events: int
    stream_lengths: tuple[int, ...]
    job_runs: int
    job_events: int


FULL: Final = Effort(rounds=101, events=50, stream_lengths=(10, 1000), job_runs=3, job_events=20_000)
SHORT: Final = Effort(rounds=3, events=10, stream_lengths=(10,), job_runs=1, job_events=300)
