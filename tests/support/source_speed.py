"""What a Kafka source has to manage on two cores: each figure beside its target."""

from __future__ import annotations

from typing import Final

from bench.effort import FULL, Effort
from bench.source_lag import RATE
from tests.support.targets import Target

BENCHMARKS: Final = ("source-speed", "source-lag", "source-memory", "source-recovery")

_OF_BARE: Final = 0.6
_VERIFIED: Final = 8_000
"""Events a second."""

_LAG_SECONDS: Final = 0.25
_FLAT: Final = 1.1
_RECOVERED_SECONDS: Final = 30.0


def targets(effort: Effort = FULL) -> list[Target]:
    """All of them, of a run with these sizes."""
    return [
        Target("source, verdicts made", "ratio", "≥", _OF_BARE),
        Target("source, verified in two processes", "value", "≥", _VERIFIED),
        Target(f"POST to Kafka, {RATE:,}/s, p99", "value", "≤", _LAG_SECONDS),
        Target(f"source, peak memory, {effort.source_read[1]:,} events", "ratio", "≤", _FLAT),
        Target("source, after its broker is back", "value", "≤", _RECOVERED_SECONDS),
    ]
