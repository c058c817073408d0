"""Running the packages for JavaScript: installed once below `build`, asked in lines of JSON."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.support.vectors import PROJECT

HERE = Path(__file__).parent
CACHE = PROJECT / "build" / "interop"
OLDEST_NODE = 20
INSTALL_SECONDS = 300
ANSWER_SECONDS = 120

_SETTINGS = ("package.json", "package-lock.json", ".npmrc")
_SCRIPTS = ("lines.mjs", "accept.mjs", "make.mjs")


def installed() -> Path:
    """The folder in which the packages and our scripts are; without node the test is skipped."""
    missing = _missing()
    if missing is not None:
        pytest.skip(missing)
    folder, failure = _prepared()
    if failure is not None:
        _not_installed(failure)
    return folder


@cache
def _prepared() -> tuple[Path, str | None]:
    """The folder, and what kept the packages from being installed there. Tried once."""
    stamp = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _SETTINGS)).hexdigest()
    folder = CACHE / stamp[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / ".lock"):
        for name in (*_SETTINGS, *_SCRIPTS):
            shutil.copyfile(HERE / name, folder / name)
        if (folder / ".installed").exists():
            return folder, None
        failure = _install(folder)
        if failure is None:
            (folder / ".installed").touch()
        return folder, failure


@cache
def _missing() -> str | None:
    if shutil.which("node") is None:
        return "node is not installed"
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").split(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return f"node {said.strip()} is older than {OLDEST_NODE}"
    return None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(folder: Path) -> str | None:
    if shutil.which("npm") is None:
        return "there is no npm"
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no end after {INSTALL_SECONDS} s"
    return None if done.returncode == 0 else done.stderr.strip()[-1000:]


def _not_installed(why: str) -> NoReturn:
    """With node at hand this is a failure where all tests have to run, and bad luck elsewhere."""
    message = f"npm ci failed: {why}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


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
