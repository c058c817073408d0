"""A node as it is run: the command in a process of its own, on a store in a folder."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

from bench import process_tree

_PROJECT: Final = Path(__file__).resolve().parents[1]
_COMMAND: Final = (sys.executable, "-m", "ceramic_pipelines", "node", "run")
_PATIENCE: Final = 1_800.0
_AFTERWARDS: Final = 30.0
_POLL: Final = 0.005


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
        return process_tree.cpu_seconds(self._process.pid)

    @property
    def peak_bytes(self) -> int:
        """The most memory that was resident, so far: of each of its processes, added up."""
        return process_tree.peak_bytes(self._process.pid)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal, and wait until all of its processes are gone."""
        others = process_tree.processes(self._process.pid)[1:] if self._process.poll() is None else []
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
