"""Running test suites for a point of an acceptance."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.vectors import PROJECT


def run_tests(*arguments: str, profile: str = "ci") -> str:
    """Run tests; gives what they printed.

    Raises:
        AssertionError: one failed, or was skipped.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", *arguments]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": profile}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout.splitlines()[-1], done.stdout[-3000:]
    return done.stdout


def closing_line(printed: str) -> str:
    """The last line: how many passed."""
    return printed.strip().splitlines()[-1].strip("= ")
