"""Streams: models, states, time, and a tip everyone agrees on.

Further points follow as they are built.
"""

from __future__ import annotations

from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support.cli import check_corpus
from tests.support.sample_node import rpc_options, sample_node

_VECTORS: Final = (
    "tests/conformance/test_consensus.py",
    "tests/conformance/test_cacao_time.py",
    "tests/conformance/test_models.py",
    "tests/conformance/test_merkle.py",
)


def _corpus() -> str:
    file = check_corpus()
    with sample_node() as address:
        rpc = check_corpus(rpc_options(address))
    states = closing_line(run_tests("tests/conformance/test_corpus.py"))
    return f"with --chain: {file}; through JSON-RPC: {rpc}; states after every event: {states}"


def _vectors() -> str:
    return closing_line(run_tests(*_VECTORS))


POINTS = [
    Point("the sample whole, with a file of transactions and through JSON-RPC", _corpus),
    Point("every vector on consensus, models and Merkle trees", _vectors),
]
