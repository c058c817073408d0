"""A service as a process of its own group: started, asked until it answers, killed, held up, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from ceramic_protocol.errors import OutsideError

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0


class ServiceError(OutsideError):
    """A service didn't start."""

    code = "service"


class Process:
    """What a command runs, its output in the file `<name>.log` of a folder."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Number of the process and of its group."""
        assert self._running is not None
        return self._running.pid

    @property
    def cpu_seconds(self) -> float:
        """That it has taken, with all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def start(self, answers: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Start it and wait until it answers.

        Raises:
            ServiceError: it ends, or doesn't answer in time; it is stopped then.
        """
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + seconds
        while not answers():
            if self._running.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
                continue
            self.kill()
            said = self.log.read_text(errors="replace")[-2000:]
            raise ServiceError(f"{self.name} didn't start: {said or f'no answer within {seconds:g} s'}")

    def stop(self) -> None:
        """Ask it to end; end it if it doesn't."""
        if self._running is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a failure of the machine would."""
        if self._running is not None:
            self._signal(signal.SIGKILL)
            self._running.wait()

    def pause(self) -> None:
        """Hold it up: its connections stay, and it doesn't answer."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
