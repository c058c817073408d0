"""The short form of the search with atheris: every target, a second each."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from tests.fuzz.targets import TARGETS
from tests.support.vectors import PROJECT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this machine"
)


@pytest.mark.parametrize("name", TARGETS)
def test_a_second_of_search_finds_nothing(name: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", "1"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done " in done.stderr, done.stderr[-3000:]
