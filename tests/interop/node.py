"""Running the packages for JavaScript: installed once below `build`, asked in lines of JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import npm

HERE = Path(__file__).parent
OLDEST_NODE = 20
ANSWER_SECONDS = 120

_SCRIPTS = ("lines.mjs", "accept.mjs", "make.mjs", "make_sessions.mjs", "verify_sessions.mjs")


def installed() -> Path:
    """The folder in which the packages and our scripts are; without node the test is skipped."""
    need_node()
    return _with_scripts(npm.installed(HERE))


def need_node() -> None:
    """Skip the test where there is no node, or too old a one."""
    missing = _missing()
    if missing is not None:
        pytest.skip(missing)


@cache
def _with_scripts(folder: Path) -> Path:
    for name in _SCRIPTS:
        # Another process may be running the script that stands there.
        new = folder / f".{name}.{os.getpid()}"
        shutil.copyfile(HERE / name, new)
        new.replace(folder / name)
    return folder


@cache
def _missing() -> str | None:
    if shutil.which("node") is None:
        return "node is not installed"
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").split(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return f"node {said.strip()} is older than {OLDEST_NODE}"
    return None


def ask(script: str, orders: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of a script, one to each order, in their order.

    Raises:
        AssertionError: the script ended early.
    """
    lines = "".join(json.dumps({"id": number, **order}) + "\n" for number, order in enumerate(orders))
    done = subprocess.run(
        ["node", script],
        cwd=installed(),
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=ANSWER_SECONDS,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-2000:]
    assert [answer["id"] for answer in answers] == list(range(len(orders)))
    return answers
