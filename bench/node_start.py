"""How soon a node is ready that has very many events stored: from before its process is begun."""

from __future__ import annotations

from time import perf_counter

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.node_process import NodeProcess
from bench.node_store import Filled, filled


def figures(effort: Effort) -> list[Figure]:
    """With many events stored, beside few."""
    few = filled(effort.node_sizes[0])
    many = filled(effort.node_started, base=effort.node_sizes[1])
    small, large = list[float](), list[float]()
    for _ in range(effort.node_rounds):
        small.append(_ready(few))
        large.append(_ready(many))
    note = f"{effort.node_rounds} ×, {spread(large)}; until /ready says yes"
    beside = Series(f"{few.size:,} stored", small)
    return [Figure.of(Series(f"start, {many.size:,} stored", large), beside, "s", note)]


def _ready(stored: Filled) -> float:
    started = perf_counter()
    node = NodeProcess(stored.folder)
    try:
        node.wait()
        return perf_counter() - started
    finally:
        node.end()
