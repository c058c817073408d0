"""Beam in batch: sources, transforms and sinks at any scale."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.figure import Figure
from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support import beam_speed
from tests.support import targets as judging
from tests.support.export import check_order_independence
from tests.support.export_campaign import run_campaign
from tests.support.targets import Target

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
        campaign = run_campaign(Path(folder), _KILLS, increments=10).closing_line
    published = closing_line(run_tests("tests/pipelines/publishing"))
    return f"{same}; {campaign}; into Iceberg, DuckDB and PostgreSQL: {published}"


def _asks() -> str:
    transforms = closing_line(run_tests("tests/transforms"))
    jobs = closing_line(run_tests("tests/pipelines/reconcile", "tests/pipelines/replay"))
    return f"transforms, and a test or a sentence for each ask: {transforms}; reconcile and replay: {jobs}"


def _yaml_and_notebook() -> str:
    return closing_line(
        run_tests(
            "tests/transforms/test_yaml.py", "tests/pipelines/test_beam_options.py", "tests/test_notebook.py"
        )
    )


def _speed() -> str:
    return _judged(beam_speed.BENCHMARKS, lambda _figures: beam_speed.targets())


def _readers_and_questions() -> str:
    same = closing_line(run_tests("tests/pipelines/test_readers.py", "tests/pipelines/test_questions.py"))
    return f"{same}; {_judged(['queries'], _in_the_time_stated)}"


def _in_the_time_stated(figures: Sequence[Figure]) -> list[Target]:
    return [Target(figure.name, "ratio", "≤", 1.0) for figure in figures]


def _judged(benchmarks: Sequence[str], targets_of: Callable[[Sequence[Figure]], Sequence[Target]]) -> str:
    import bench

    figures = bench.run(benchmarks)
    targets = targets_of(figures)
    for line in judging.lines(figures, targets):
        print(f"  {line}", flush=True)
    return judging.summary(figures, targets)


POINTS: Final = (
    Point("the same tables wherever events are read, in any order, on both runners", _same_tables),
    Point("increments end in the whole, whatever is killed; readers see whole versions", _increments),
    Point("what users asked for has a test or a sentence", _asks),
    Point("a pipeline in YAML, a script with Beam's options, a notebook", _yaml_and_notebook),
    Point("speed beside bare signatures and a plain loop, cores, memory", _speed),
    Point("other readers see the same rows; ten questions in the time stated", _readers_and_questions),
)
