"""A node as it is run: the command in a process of its own, on a store in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

_PROJECT: Final = Path(__file__).resolve().parents[1]
_COMMAND: Final = (sys.executable, "-m", "ceramic_pipelines", "node", "run")
_PATIENCE: Final = 1_800.0
_AFTERWARDS: Final = 30.0
_POLL: Final = 0.005
_KIB: Final = 1024


class NodeProcess:
    """A node that runs, or has just been started."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it; it isn't waited for."""
        self.started: Final = perf_counter()
        self._log = folder.with_name(f"{folder.name}.log")
        arguments = ["--store", str(folder), "--bind", "127.0.0.1:0", "--log-level", "error", *options]
        with self._log.open("a") as log:
            # Its words go where nobody has to read them for it to go on, but for the first line.
            self._process = subprocess.Popen(
                [*_COMMAND, *arguments], cwd=_PROJECT, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.port = 0

    def wait(self) -> None:
        """Wait until it says where it listens, and then until it is ready.

        Raises:
            RuntimeError: it ended instead.
        """
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("ready at http://127.0.0.1:"):
            self.end(signal.SIGKILL)
            msg = f"the node didn't start: {line}{self._log.read_text()[-2000:]}"
            raise RuntimeError(msg)
        self.port = int(line.split()[2].rpartition(":")[2])
        while self.get("/ready")[0] != 200:
            sleep(_POLL)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def info(self) -> Any:
        """What it says of itself."""
        return self.get("/v1/info")[1]

    def settle(self) -> float:
        """Wait until states have caught up with all events; gives the moment at which that was seen."""
        until = perf_counter() + _PATIENCE
        while self.info()["follower"]["lag"] > 0:
            assert perf_counter() < until, "the states don't catch up"
            sleep(_POLL)
        return perf_counter()

    @property
    def cpu_seconds(self) -> float:
        """That it has taken, with its threads and the processes it has now."""
        ticks = 0
        for pid in self._processes():
            fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    @property
    def peak_bytes(self) -> int:
        """The most memory that was resident, so far: of each of its processes, added up."""
        status = [
            line for pid in self._processes() for line in _read(Path(f"/proc/{pid}/status")).splitlines()
        ]
        return sum(int(line.split()[1]) * _KIB for line in status if line.startswith("VmHWM"))

    def _processes(self) -> list[int]:
        found = [self._process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, _read(children).split())
        return found

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal, and wait until all of its processes are gone."""
        others = self._processes()[1:] if self._process.poll() is None else []
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(_PATIENCE)
            until = perf_counter() + _AFTERWARDS
            while any(Path(f"/proc/{pid}").exists() for pid in others):
                assert perf_counter() < until, "the node left a process behind"
                sleep(_POLL)
        finally:
            self._process.kill()
            self._process.wait()
            if self._process.stdout:
                self._process.stdout.close()


def _read(path: Path) -> str:
    """A file about a process; empty if that has just ended."""
    try:
        return path.read_text("ascii")
    except OSError:
        return ""


@contextmanager
def running_node(folder: Path, *options: str) -> Iterator[NodeProcess]:
    """A node on a store, ready and with all its states; it is stopped in the end, unless it was before."""
    node = NodeProcess(folder, *options)
    try:
        node.wait()
        node.settle()
        yield node
    finally:
        node.end()
