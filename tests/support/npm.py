"""Packages of npm for tests: installed once below `build`, by their lock file."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.support.vectors import PROJECT

INSTALL_SECONDS = 300

_SETTINGS = ("package.json", "package-lock.json", ".npmrc")


def installed(source: Path) -> Path:
    """The folder with the packages that the settings in `source` name.

    Without npm the test is skipped; if npm fails, that is a failure where all tests have to run.
    """
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder, failure = _prepared(source)
    if failure is None:
        return folder
    message = f"npm ci failed: {failure}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@cache
def _prepared(source: Path) -> tuple[Path, str | None]:
    """The folder, and what kept the packages from being installed there. Tried once."""
    stamp = hashlib.sha256(b"".join((source / name).read_bytes() for name in _SETTINGS)).hexdigest()
    folder = PROJECT / "build" / source.name / stamp[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / ".lock"):
        if (folder / ".installed").exists():
            return folder, None
        for name in _SETTINGS:
            shutil.copyfile(source / name, folder / name)
        failure = _install(folder)
        if failure is None:
            (folder / ".installed").touch()
        return folder, failure


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(folder: Path) -> str | None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no end after {INSTALL_SECONDS} s"
    return None if done.returncode == 0 else done.stderr.strip()[-1000:]
