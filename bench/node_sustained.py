"""Whether a node keeps states up with a load that goes on for a while."""

from __future__ import annotations

from typing import Final

from bench.calibration import calibrate
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.node_pace import Offered, Paced, pace, percentiles
from bench.node_process import running_node
from bench.node_rounds import CLIENT, CONNECTIONS, warm
from bench.node_store import Filled, filled

# A little more than what is to be kept up, as what comes last takes its time too.
LOAD: Final = Offered(3_100, 100)


def figures(effort: Effort) -> list[Figure]:
    """States a second, how far they are behind in the end, and whether that hangs on what is stored."""
    seconds = effort.node_long_seconds
    (small, before), (large, after) = (_once(filled(size), effort) for size in effort.node_sizes)
    few, many = (f"{size:,} stored" for size in effort.node_sizes)
    rates = {few: small.events / small.seconds, many: large.events / large.seconds}
    found = list[Figure]()
    for size, paced in ((few, small), (many, large)):
        note, name = _note(paced, seconds), f"states under {LOAD.name}"
        offered, p50 = Series("offered", [LOAD.rate]), percentiles(paced.states).p50
        found += [
            Figure.of(Series(f"{name}, {size}", [rates[size]]), offered, "events/s", note),
            Figure.of(Series(f"{name}, behind, {size}", [paced.drained]), Series("p50", [p50]), "s", note),
        ]
    ratio = rates[many] * after / (rates[few] * before)
    name, note = f"states under {LOAD.name}, flat", f"{_note(large, seconds)}; ratio calibrated"
    return [*found, Figure(name, rates[many], "events/s", few, rates[few], ratio, note)]


def _once(stored: Filled, effort: Effort) -> tuple[Paced, float]:
    coming = stored.coming()
    with running_node(stored.copy("many")) as node:
        warm(node, coming, effort.node_warm)
        before = calibrate()
        paced = pace(node, coming, LOAD, effort.node_long_seconds)
        node.settle()
        return paced, (before + calibrate()) / 2


def _note(paced: Paced, seconds: float) -> str:
    took = f"{CLIENT} took {paced.client:.0%} of a core, the node {paced.node:.0%}"
    behind = f"{paced.backlog:,} events behind when the last one was due"
    return f"1 × {paced.events:,} in {seconds:g} s, {behind}; {CONNECTIONS} connections, {took}"
