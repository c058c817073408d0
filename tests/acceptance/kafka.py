"""Kafka source: Ceramic as topics, exactly once, whatever dies."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support import source_speed
from tests.support import targets as judging
from tests.support.source_campaign import run_campaign

_ROUNDS: Final = {1: 20, 2: 4}
"""By the number of tasks."""


def _kills() -> str:
    told = []
    for tasks, rounds in _ROUNDS.items():
        with tempfile.TemporaryDirectory() as folder:
            told.append(f"{tasks} tasks: {run_campaign(Path(folder), rounds, tasks=tasks).closing_line}")
    files = closing_line(run_tests("tests/pipelines/private_node"))
    return f"{'; '.join(told)}; files, folders and states from a ceramic-one: {files}"


def _schemas() -> str:
    interop = closing_line(run_tests("tests/interop/records"))
    forms = closing_line(run_tests("tests/connectors/records"))
    return f"Apicurio, confluent-kafka and Java: {interop}; forms and their edges: {forms}"


def _groups() -> str:
    return closing_line(
        run_tests("tests/connectors/kafka/test_groups.py", "tests/connectors/kafka/test_compaction.py")
    )


def _security() -> str:
    ways = closing_line(run_tests("tests/connectors/kafka/test_getting_in.py"))
    checked = closing_line(run_tests("tests/connectors/source/test_checking.py"))
    return f"ways in: {ways}; `source check`: {checked}"


def _speed() -> str:
    import bench

    figures, targets = bench.run(source_speed.BENCHMARKS), source_speed.targets()
    for line in judging.lines(figures, targets):
        print(f"  {line}", flush=True)
    return judging.summary(figures, targets)


POINTS: Final = (
    Point("each event once, in order, whatever is killed", _kills),
    Point("schemas in a registry, read by others, and compatible", _schemas),
    Point("a group of three through rebalances; compaction leaves the whole state", _groups),
    Point("SCRAM over TLS and mTLS; wrong secrets are named", _security),
    Point("speed beside a bare producer, lag, memory, recovery", _speed),
)
