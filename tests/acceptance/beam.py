"""Beam in batch: sources, transforms and sinks at any scale."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support import beam_speed
from tests.support import targets as judging
from tests.support.export import check_order_independence
from tests.support.export_campaign import run_campaign

_ORDERS: Final = 12
_KILLS: Final = 50


def _same_tables() -> str:
    places = closing_line(run_tests("tests/pipelines/test_sources.py", "tests/pipelines/test_export.py"))
    with tempfile.TemporaryDirectory() as folder:
        orders = check_order_independence(Path(folder), _ORDERS, seed=0)
    return f"archive, other order, feed, topics, store, table, on both runners: {places}; {orders}"


def _increments() -> str:
    same = closing_line(run_tests("tests/pipelines/test_incremental.py", "tests/connectors/test_versions.py"))
    with tempfile.TemporaryDirectory() as folder:
        return f"{same}; {run_campaign(Path(folder), _KILLS, increments=10).closing_line}"


def _speed() -> str:
    import bench

    figures, targets = bench.run(beam_speed.BENCHMARKS), beam_speed.targets()
    for line in judging.lines(figures, targets):
        print(f"  {line}", flush=True)
    return judging.summary(figures, targets)


POINTS: Final = (
    Point("the same tables wherever events are read, in any order, on both runners", _same_tables),
    Point("increments end in the whole, whatever is killed; readers see whole versions", _increments),
    Point("speed beside bare signatures and a plain loop, cores, memory", _speed),
)
