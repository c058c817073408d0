"""Beam in batch: the tables of one export, however it was made."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support.export_campaign import run_campaign

_KILLS: Final = 50


def _increments() -> str:
    same = closing_line(run_tests("tests/pipelines/test_incremental.py", "tests/connectors/test_versions.py"))
    with tempfile.TemporaryDirectory() as folder:
        return f"{same}; {run_campaign(Path(folder), _KILLS, increments=10).closing_line}"


POINTS: Final = (
    Point("increments end in the whole, whatever is killed; readers see whole versions", _increments),
)
