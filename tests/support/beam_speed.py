"""What the main job has to manage as a pipeline on two cores: each figure beside its target."""

from __future__ import annotations

from typing import Final

from bench.effort import FULL, Effort
from tests.support.targets import Target

BENCHMARKS: Final = ("pipeline",)

_VERIFY: Final = 0.7
_WHOLE: Final = 0.5
"""Of the bare signature check of the same run."""

_OVERHEAD: Final = 1.25
_FLAT: Final = 1.25
_BOTH_CORES: Final = 1.6
_GROWTH: Final = 2.0
"""How much more memory ten times as many events may take."""


def targets(effort: Effort = FULL) -> list[Target]:
    """All of them, of a run with these sizes."""
    many = f"whole job, {effort.pipeline_events[1]:,} events"
    return [
        Target("verify transform, one process", "ratio", "≥", _VERIFY),
        Target("whole job, CPU per event", "ratio", "≤", _OVERHEAD),
        Target("whole job beside a loop", "ratio", "≥", 1 / _OVERHEAD),
        Target("whole job, two processes", "ratio", "≥", _BOTH_CORES),
        Target(f"{many}, one process", "ratio", "≥", _WHOLE),
        Target(f"{many}, CPU per event", "ratio", "≤", _FLAT),
        Target(many, "ratio", "≥", 1 / _FLAT),
        Target(f"{many}, peak memory", "ratio", "≤", _GROWTH),
    ]
