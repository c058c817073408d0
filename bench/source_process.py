"""A Kafka source as it is run: the command in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from bench import process_tree

_PROJECT: Final = Path(__file__).resolve().parents[1]
_COMMAND: Final = (sys.executable, "-m", "ceramic_pipelines", "source", "run")
_PATIENCE: Final = 120.0
_POLL: Final = 0.01


class SourceProcess:
    """A source that can be started, killed and started again with the same options."""

    def __init__(self, log: Path, *options: str) -> None:
        self._log = log
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it isn't waited for."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_COMMAND, *self._options], cwd=_PROJECT, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._running.poll()

    @property
    def log(self) -> str:
        """All that it has said, however often it was started."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_until_said(self, text: str, times: int = 1) -> None:
        """Wait until it has said something so many times.

        Raises:
            AssertionError: it doesn't, in two minutes, or has ended before.
        """
        until = monotonic() + _PATIENCE
        while self.log.count(text) < times:
            in_time = self.exit_code is None and monotonic() < until
            assert in_time, f"the source doesn't say {text!r}: {self.log[-3000:]}"
            sleep(_POLL)

    @property
    def cpu_seconds(self) -> float:
        """That it has taken, with its threads and the processes that it has now."""
        return process_tree.cpu_seconds(self._running.pid)

    @property
    def peak_bytes(self) -> int:
        """The most memory that was resident, so far: of each of its processes, added up."""
        return process_tree.peak_bytes(self._running.pid)

    def kill(self) -> None:
        """End it at once."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal and wait until it has ended; how it did."""
        self._running.send_signal(number)
        return self._running.wait(_PATIENCE)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def processes(self) -> list[int]:
        """Numbers of it and of all that it has started."""
        return process_tree.processes(self._running.pid)
