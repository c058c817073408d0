"""The runs over very many events, in short: that nothing is left out, and nothing recurses."""

from __future__ import annotations

import sys

import pytest

from tests.support.million import SHAPES, run_apart


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape(shape: str) -> None:
    count = 4 * sys.getrecursionlimit()
    run = run_apart(shape, count)
    streams, length = (count, 3) if shape == "many" else (1, count)
    assert (run.streams, run.events) == (streams, streams * length)
    # Of the comb an anchored branch wins, so that only what is anchored is certain to be on the log.
    assert run.longest == length or shape == "comb"
    assert run.peak_bytes > 0
