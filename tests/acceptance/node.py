"""The node: durable, filtered, live, and spoken to by the real SDK unchanged."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support import defects as defects_of_ceramic_one
from tests.support import node_speed
from tests.support import targets as judging
from tests.support.crash_campaign import run_campaign
from tests.support.subscribers import run

_KILLS: Final = 200
_CONSUMERS: Final = 200
_WRITES: Final = 20_000


def _sdk() -> str:
    sdk = closing_line(run_tests("tests/interop/sdk"))
    legacy = closing_line(run_tests("tests/interop/legacy"))
    return f"@ceramic-sdk on memory and SQLite: {sdk}; @ceramicnetwork/http-client: {legacy}"


def _contract() -> str:
    return closing_line(run_tests("tests/node/http"))


def _crashes() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return run_campaign(Path(folder), _KILLS).closing_line


def _subscribers() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return str(run(_CONSUMERS, _WRITES, folder=Path(folder)))


def _security() -> str:
    tried = closing_line(run_tests("tests/node/security"))
    fuzzed = closing_line(run_tests("tests/node/http/v1/test_fuzz.py"))
    return f"attacks and tokens: {tried}; the API by its own description: {fuzzed}"


def _speed() -> str:
    import bench

    figures, targets = bench.run(node_speed.BENCHMARKS), node_speed.targets()
    for line in judging.lines(figures, targets):
        print(f"  {line}", flush=True)
    return judging.summary(figures, targets)


def _failures() -> str:
    defects = defects_of_ceramic_one.listed()
    tests = sorted({test for defect in defects for test in defect.tests})
    printed = run_tests("-rA", *tests)
    for line in defects_of_ceramic_one.told(defects, printed):
        print(f"  {line}", flush=True)
    return f"{len(defects)} failures, none of them ours: {closing_line(printed)}"


POINTS = [
    Point("the real TypeScript packages against the node", _sdk),
    Point("every endpoint and error of ceramic-one's API", _contract),
    Point(f"{_KILLS} kills under write load", _crashes),
    Point(f"{_CONSUMERS} subscribers during {_WRITES:,} writes", _subscribers),
    Point("what attackers and fuzzers try", _security),
    Point("throughput, latency, memory and start, with few events stored and with many", _speed),
    Point("what ceramic-one fails at", _failures),
]
