"""Streams: models, states, time, and a tip everyone agrees on.

Further points follow as they are built.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support.anchor_run import check_anchor_run
from tests.support.cli import check_corpus
from tests.support.million import SHAPES, run_apart
from tests.support.replay_tables import check_late_sets, check_sample, postgres_or_failure
from tests.support.sample_node import rpc_options, sample_node

_VECTORS: Final = (
    "tests/conformance/test_consensus.py",
    "tests/conformance/test_cacao_time.py",
    "tests/conformance/test_models.py",
    "tests/conformance/test_merkle.py",
)
_TIPS: Final = 10_000
_COVERAGE: Final = "tests/conformance/test_coverage.py"

_ALGEBRA: Final = (
    "tests/protocol/test_live_stream.py",
    "tests/protocol/test_resolve.py",
    "tests/protocol/test_eventset.py",
    "tests/protocol/test_corrections.py",
)
_MANY: Final = 1_000_000
_ANEW_RATIO: Final = 20


def _corpus() -> str:
    file = check_corpus()
    with sample_node() as address:
        rpc = check_corpus(rpc_options(address))
    states = closing_line(run_tests("tests/conformance/test_corpus.py"))
    return f"with --chain: {file}; through JSON-RPC: {rpc}; states after every event: {states}"


def _vectors() -> str:
    passed = closing_line(run_tests(*_VECTORS))
    counts = [line for line in run_tests(_COVERAGE).splitlines() if line.startswith("consensus/")]
    assert counts, "no counts by file"
    return f"{passed}; {'; '.join(counts)}"


def _anchors() -> str:
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-anchors-") as folder:
        return check_anchor_run(Path(folder), _TIPS)


def _tables() -> str:
    with postgres_or_failure() as server:
        sample = check_sample(server, range(1, 7))
        made = check_late_sets(server, range(1, 13))
    return f"the sample: {sample}; generated sets: {made}"


def _scale() -> str:
    algebra = closing_line(run_tests(*_ALGEBRA, profile="thorough"))
    runs = [run_apart(shape, _MANY) for shape in SHAPES]
    said = []
    for run in runs:
        streams, length = (_MANY, 3) if run.shape == "many" else (1, _MANY)
        assert (run.streams, run.events) == (streams, streams * length), run
        took = f"{run.seconds:.0f} s, {run.peak_bytes / 1e6:,.0f} MB at most"
        made = f"{run.events:,} events in {run.streams:,} streams, longest log {run.longest:,}"
        said.append(f"{run.shape}: {made}, {took}")
    return f"algebra: {algebra}; {'; '.join(said)}"


def _speed() -> str:
    import bench
    from bench.effort import FULL

    figures = bench.run(["resolve", "live"])
    said = "; ".join(figure.sentence for figure in figures)
    anew = [figure for figure in figures if figure.name.endswith("anew")]
    assert len(anew) == len(FULL.live_forks)
    slow = [figure.name for figure in anew if figure.ratio < _ANEW_RATIO]
    assert not slow, f"one event costs more than 1/{_ANEW_RATIO} of resolving anew: {slow} — all: {said}"
    return f"{said} [≥ {_ANEW_RATIO}]"


POINTS = [
    Point("the sample whole, with a file of transactions and through JSON-RPC", _corpus),
    Point("every vector on consensus, models and Merkle trees", _vectors),
    Point("the algebra of resolution; 1,000,000 events in one stream, 1,000,000 streams", _scale),
    Point("a local anchor run, verified through endpoints that fail, lie and stall", _anchors),
    Point("tables of models in DuckDB and PostgreSQL, and stream_states", _tables),
    Point("resolve and fold beside verify; one new event beside resolving anew", _speed),
]
