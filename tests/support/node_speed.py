"""What a node has to manage on two cores: each figure beside its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bench.effort import FULL, Effort
from bench.figure import Figure, number_text
from bench.node_latency import LOADS
from bench.node_sustained import LOAD

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


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to be: at least, or at most, so much."""

    figure: str
    part: Literal["value", "ratio"]
    sign: Literal["≥", "≤"]
    limit: float

    def is_met(self, figure: Figure) -> bool:
        """Whether it is."""
        value = self._value(figure)
        return value >= self.limit if self.sign == "≥" else value <= self.limit

    def line(self, figure: Figure) -> str:
        """Both, and which of them it comes to."""
        said = "PASS" if self.is_met(figure) else "FAIL"
        if self.part == "value":
            unit, limit = f" {figure.unit}", number_text(self.limit)
        else:
            unit, limit = f" × {figure.beside_name}", f"{self.limit:g}"
        return f"{said}  {self.figure}: {number_text(self._value(figure))}{unit} [{self.sign} {limit}]"

    def _value(self, figure: Figure) -> float:
        return figure.value if self.part == "value" else figure.ratio


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


def lines(figures: Sequence[Figure], wanted: Sequence[Target]) -> list[str]:
    """A line for each target, and one for each figure that has none."""
    named = {figure.name: figure for figure in figures}
    judged = {target.figure for target in wanted}
    rest = [f"      {figure.sentence}" for figure in figures if figure.name not in judged]
    return [*(target.line(named[target.figure]) for target in wanted), *rest]


def summary(figures: Sequence[Figure], wanted: Sequence[Target]) -> str:
    """How many targets were met.

    Raises:
        AssertionError: one was missed; says which.
    """
    named = {figure.name: figure for figure in figures}
    judged = [(target, named[target.figure]) for target in wanted]
    missed = [target.line(figure) for target, figure in judged if not target.is_met(figure)]
    assert not missed, f"{len(missed)} of {len(wanted)} targets missed: {'; '.join(missed)}"
    return f"all of {len(wanted)} targets met"
