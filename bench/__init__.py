"""Benchmarks: every figure beside its ceiling or a peer, measured in the same run.

What is heavy is imported when a benchmark runs, as the jobs that are measured run inside this package too.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.figure import Figure

__all__ = ["Figure", "run"]


def run(names: Sequence[str] = (), short: bool = False) -> list[Figure]:
    """The figures of the named benchmarks, or of all; `short` shows that they run, not how fast.

    Raises:
        KeyError: no benchmark has such a name.
    """
    from bench.suite import BENCHMARKS, FULL, SHORT

    chosen = [BENCHMARKS[name] for name in names or BENCHMARKS]
    return [figure for measure in chosen for figure in measure(SHORT if short else FULL)]
