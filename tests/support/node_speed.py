"""What a node has to manage on two cores: each figure beside its target."""

from __future__ import annotations

from typing import Final

from bench.effort import FULL, Effort
from bench.node_latency import LOADS
from bench.node_sustained import LOAD
from tests.support.targets import Target

BENCHMARKS: Final = (
    "node-ingest",
    "node-feed",
    "node-latency",
    "node-sustained",
    "node-memory",
    "node-start",
)

_FAST: Final = (
    ("single POST", 2_000),
    ("batch POST", 5_000),
    ("/v1/feed, CARs", 50_000),
    ("/ceramic/feed/events, full", 50_000),
)
"""Events a second."""

_STATES: Final = 3_000
_P50_MICROS: Final = 50_000
_BEHIND_SECONDS: Final = 0.25
_START_SECONDS: Final = 2
_SLOWER: Final = 0.75
_LONGER: Final = 1.25


def targets(effort: Effort = FULL) -> list[Target]:
    """All of them, of a run with these sizes."""
    few, many = (f"{size:,} stored" for size in effort.node_sizes)
    states, latency = f"states under {LOAD.name}", f"POST to state, {LOADS[-1].name}"
    # So fast with few events stored, and within a quarter of that with many.
    fast = [Target(f"{name}, {few}", "value", "≥", limit) for name, limit in _FAST]
    flat = [Target(f"{name}, {many}", "ratio", "≥", _SLOWER) for name, _limit in _FAST]
    return [
        *fast,
        *flat,
        Target(f"batch POST to states, {many}", "ratio", "≥", _SLOWER),
        Target(f"{states}, {few}", "value", "≥", _STATES),
        *(Target(f"{states}, behind, {size}", "value", "≤", _BEHIND_SECONDS) for size in (few, many)),
        Target(f"{states}, flat", "ratio", "≥", _SLOWER),
        Target(f"{latency}, {few}", "value", "≤", _P50_MICROS),
        Target(f"{latency}, flat", "ratio", "≤", _LONGER),
        Target("peak memory, all states made", "ratio", "≤", _LONGER),
        Target(f"start, {effort.node_started:,} stored", "value", "≤", _START_SECONDS),
    ]
