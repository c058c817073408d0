"""How soon an event that is posted is seen in the feed, and the state after it, under a steady load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench.calibration import calibrate
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_events import Coming
from bench.node_pace import Offered, Paced, pace, percentiles
from bench.node_process import running_node
from bench.node_rounds import CLIENT, CONNECTIONS, warm
from bench.node_store import filled

LOADS: Final = (Offered(500, 1), Offered(3_000, 100))
_MICROS: Final = 1e6
_SEEN: Final[dict[str, Callable[[Paced], list[float]]]] = {
    "POST to feed": lambda paced: paced.feed,
    "POST to state": lambda paced: paced.states,
}


class _Round(NamedTuple):
    """A load, with the seconds of the calibration loop around it."""

    paced: Paced
    calibration: float


_Rounds = Sequence[_Round]


def figures(effort: Effort) -> list[Figure]:
    """Both ways, under each load, with few events stored and with many."""
    few, many = map(filled, effort.node_sizes)
    folder, coming = many.copy("many"), many.coming()
    small: dict[Offered, list[_Round]] = {load: [] for load in LOADS}
    large: dict[Offered, list[_Round]] = {load: [] for load in LOADS}
    for _ in range(effort.node_rounds):
        _session(few.copy("few"), few.coming(), effort, small)
        _session(folder, coming, effort, large)
    return [
        figure
        for load in LOADS
        for what in _SEEN
        for figure in _figures(f"{what}, {load.name}", what, effort, small[load], large[load])
    ]


def _session(folder: Path, coming: Coming, effort: Effort, rounds: dict[Offered, list[_Round]]) -> None:
    with running_node(folder) as node:
        warm(node, coming, effort.node_warm)
        for load in LOADS:
            node.settle()
            before = calibrate()
            paced = pace(node, coming, load, effort.node_load_seconds)
            rounds[load].append(_Round(paced, (before + calibrate()) / 2))


def _figures(name: str, what: str, effort: Effort, small: _Rounds, large: _Rounds) -> list[Figure]:
    few, many = (f"{size:,} stored" for size in effort.node_sizes)
    found = []
    for size, rounds in ((few, small), (many, large)):
        both = [percentiles(_SEEN[what](each.paced)) for each in rounds]
        middle, late = ([value[place] * _MICROS for value in both] for place in (0, 1))
        found.append(
            Figure.of(Series(f"{name}, {size}", middle), Series("p99", late), "µs", f"p50; {_note(rounds)}")
        )
    few_p50, many_p50 = (_p50s(what, rounds) for rounds in (small, large))
    ratio = median(_calibrated(many_p50, large)) / median(_calibrated(few_p50, small))
    note = f"p50; {_note(large)}; ratio calibrated"
    flat = Figure(f"{name}, flat", median(many_p50), "µs", few, median(few_p50), ratio, note)
    return [*found, flat]


def _p50s(what: str, rounds: _Rounds) -> list[float]:
    return [percentiles(_SEEN[what](each.paced)).p50 * _MICROS for each in rounds]


def _calibrated(times: Sequence[float], rounds: _Rounds) -> list[float]:
    return [time / each.calibration for time, each in zip(times, rounds, strict=True)]


def _note(rounds: _Rounds) -> str:
    client, node = (median(getattr(each.paced, name) for each in rounds) for name in ("client", "node"))
    took = f"{CLIENT} took {client:.0%} of a core, the node {node:.0%}"
    return f"{len(rounds)} × {rounds[0].paced.events:,}; {CONNECTIONS} connections, {took}"
