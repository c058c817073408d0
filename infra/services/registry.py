"""Apicurio's schema registry, which speaks as Confluent's does, with its data in memory."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Final

from infra.services.asking import status
from infra.services.jars import alone, fetched
from infra.services.process import Process, free_ports

_JAR: Final = "apicurio-registry-app-3.0.9-runner.jar"
_MEMORY: Final = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Registry:
    """One registry; `url` is that of Confluent's API."""

    def __init__(self, folder: Path) -> None:
        """Unpack it.

        Raises:
            FetchError: it can't be fetched.
        """
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        quarkus = ["-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}"]
        self._process = Process("registry", ["java", *_MEMORY, *quarkus, "-jar", str(_unpacked())], folder)

    @property
    def pid(self) -> int:
        """Number of its process group."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it lists its subjects.

        Raises:
            ServiceError: it doesn't answer in time.
        """
        self._process.start(lambda: status(f"{self.url}/subjects") == 200)

    def stop(self) -> None:
        """Let it end."""
        self._process.stop()


def _unpacked() -> Path:
    folder = fetched("registry")
    archive = next(folder.glob("*.tar.gz"))
    place = folder / ".unpacked"
    with alone(folder / ".lock"):
        if not (place / ".done").exists():
            with tarfile.open(archive) as tar:
                tar.extractall(place, filter="data")
            (place / ".done").touch()
    return next(place.rglob(_JAR))
