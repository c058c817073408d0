"""Prints at the end how many cases of each file of vectors ran, and for which subject the others are left."""

from __future__ import annotations

import pytest

PROPERTY = "vectors"
"""Name of the property by which a test hands its line to the summary."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per file; nothing if the ledger didn't run."""
    lines = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if lines:
        terminalreporter.section("cases of the vectors")
        for line in sorted(lines):
            terminalreporter.write_line(line)
