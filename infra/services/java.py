"""Whether this machine can run the services."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import Final

NEEDED: Final = 17
"""The oldest Java that Kafka 4 runs on."""

OPTIONS: Final = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Small and quick to start, rather than fast for long."""


@cache
def missing() -> str | None:
    """What keeps the services from running here, as a sentence with the way out; None if nothing does."""
    if shutil.which("java") is None:
        return f"Java is not installed: Kafka needs {NEEDED} or newer (on Debian: openjdk-17-jre-headless)"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < NEEDED:
        return f"Java is too old: Kafka needs {NEEDED} or newer, and `java -version` says {said[:80]!r}"
    return None


def no_compiler() -> str | None:
    """What keeps programs in Java from running here, as a sentence with the way out; see `missing`."""
    if missing() is None and shutil.which("javac") is None:
        return f"Java is here without its compiler (on Debian: openjdk-{NEEDED}-jdk-headless)"
    return missing()
