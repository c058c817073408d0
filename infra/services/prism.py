"""Beam's local runner Prism: built once from its sources by Go, kept outside of the project."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from infra.services.jars import FetchError, alone, cache

LOCATION: Final = "PRISM_BIN"
"""Environment variable that names a binary; without it one is built."""

BUILD_SECONDS: Final = 1200

_VERSION: Final = "2.77.0"
_PACKAGE: Final = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{_VERSION}"


def prism() -> Path:
    """The binary, of the release of Beam that the project has.

    Raises:
        FetchError: it isn't there, and Go can't build it.
    """
    named = os.environ.get(LOCATION)
    if named:
        if not Path(named).is_file():
            raise FetchError(f"{LOCATION} names {named}, where no file is")
        return Path(named)
    folder = cache() / "services"
    folder.mkdir(parents=True, exist_ok=True)
    binary = folder / f"prism-{_VERSION}"
    with alone(folder / "prism.lock"):
        if not binary.exists():
            _build(binary)
    return binary


def _build(binary: Path) -> None:
    if shutil.which("go") is None:
        raise FetchError("Go is not installed: it builds Prism (on Debian: apt-get install golang)")
    # What is fetched and compiled for it takes 1.5 GB, and nobody needs it again.
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-prism-") as folder:
        setting = {
            "GOPATH": f"{folder}/go",
            "GOCACHE": f"{folder}/cache",
            "GOFLAGS": "-modcacherw",
            "CGO_ENABLED": "0",
        }
        try:
            subprocess.run(
                ["go", "install", _PACKAGE],
                env=os.environ | setting,
                check=True,
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            raise FetchError(f"Go can't build Prism: {said[-1] if said else error}") from error
        partial = binary.with_suffix(".partial")
        shutil.move(f"{folder}/go/bin/prism", partial)
        partial.rename(binary)
