"""The node: durable, filtered, live, and spoken to by the real SDK unchanged.

Further points follow as they are built.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support.crash_campaign import run_campaign

_KILLS: Final = 200


def _sdk() -> str:
    sdk = closing_line(run_tests("tests/interop/sdk"))
    legacy = closing_line(run_tests("tests/interop/legacy"))
    return f"@ceramic-sdk on memory and SQLite: {sdk}; @ceramicnetwork/http-client: {legacy}"


def _contract() -> str:
    return closing_line(run_tests("tests/node/http"))


def _crashes() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return run_campaign(Path(folder), _KILLS).closing_line


POINTS = [
    Point("the real TypeScript packages against the node", _sdk),
    Point("every endpoint and error of ceramic-one's API", _contract),
    Point(f"{_KILLS} kills under write load", _crashes),
]
