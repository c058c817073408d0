"""Jars of the services: fetched once by Maven, checked by SHA-256, kept outside of the project."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ceramic_protocol.errors import OutsideError

CACHE: Final = "CERAMIC_STREAMS_CACHE"
"""Environment variable that names the folder for what was fetched; ~/.cache/ceramic-streams without it."""

FETCH_SECONDS: Final = 600

_HERE: Final = Path(__file__).parent
_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin"
# The newer one wants the artifact's parent, which the registry's publishers have left out.
_OF_POMS, _OF_ARTIFACTS = "3.8.1:copy-dependencies", "2.8:copy"
_SUMS: Final = "SHA256SUMS"


class FetchError(OutsideError):
    """Maven couldn't fetch a service, or what it fetched is something else."""

    code = "fetch"


def cache() -> Path:
    """The folder for what was fetched, whether or not it is there."""
    named = os.environ.get(CACHE)
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ceramic-streams"


def fetched(service: str) -> Path:
    """The folder with the jars of a service, exactly those of its `SHA256SUMS`.

    Raises:
        FetchError: they aren't in the cache, and Maven can't fetch them.
    """
    sums = _sums(service)
    stamp = hashlib.sha256((_HERE / service / _SUMS).read_bytes()).hexdigest()
    folder = cache() / "services" / f"{service}-{stamp[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / ".lock"):
        if not (folder / ".checked").exists():
            _fetch(service, folder)
            _check(folder, sums)
            (folder / ".checked").touch()
    return folder


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Keep other processes that ask for the same lock waiting."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sums(service: str) -> dict[str, str]:
    lines = (_HERE / service / _SUMS).read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _fetch(service: str, folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise FetchError("Maven is not installed: it fetches the services (on Debian: apt-get install maven)")
    what = [_OF_POMS, "-f", str(_HERE / service / "pom.xml"), "-DincludeScope=runtime"]
    artifact = _HERE / service / "artifact"
    if artifact.exists():
        what = [_OF_ARTIFACTS, f"-Dartifact={artifact.read_text(encoding='ascii').strip()}"]
    command = ["mvn", "-q", "-B", f"{_PLUGIN}:{what[0]}", *what[1:], f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise FetchError(f"Maven didn't fetch {service} within {FETCH_SECONDS} s") from None
    if done.returncode:
        raise FetchError(f"Maven can't fetch {service}: {done.stdout.strip()[:1000]}")


def _check(folder: Path, sums: dict[str, str]) -> None:
    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if there != sums.keys():
        raise FetchError(f"{folder} should hold other files: {sorted(there ^ sums.keys())}")
    for name, digest in sums.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise FetchError(f"{folder / name} is not what was expected: remove it and try again")
