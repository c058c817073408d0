"""Reading Mermaid charts with Mermaid's own parser, installed once below `build`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support import npm

HERE = Path(__file__).parent
ANSWER_SECONDS = 120


def read_charts(charts: Sequence[str]) -> list[dict[str, Any]]:
    """Nodes and edges of each chart, with the text as it is shown; without npm the test is skipped.

    Raises:
        AssertionError: one of them is no chart.
    """
    folder = npm.installed(HERE)
    shutil.copyfile(HERE / "read.mjs", folder / "read.mjs")
    done = subprocess.run(
        ["node", "read.mjs"],
        cwd=folder,
        input="".join(json.dumps({"chart": chart}) + "\n" for chart in charts),
        capture_output=True,
        text=True,
        check=False,
        timeout=ANSWER_SECONDS,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(found) == len(charts)
    for answer in found:
        assert "error" not in answer, answer["error"]
    return found
