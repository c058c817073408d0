"""The command `node run` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.node.operation.running import Reply, ask

SECONDS = 60
_READY = re.compile(r"ready at (\S+) \(network (\S+), store (.*)\)\n")


@dataclass
class Process:
    """A node in a process of its own."""

    popen: subprocess.Popen[str]
    url: str
    log: Path

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """Ask it."""
        return ask(self.url, path, method, body, headers)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait; gives the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(SECONDS)


def arguments(*flags: str) -> list[str]:
    """A command of `node`."""
    return [sys.executable, "-m", "ceramic_pipelines", "node", *flags]


@contextmanager
def node_run(folder: Path, *flags: str, environ: dict[str, str] | None = None) -> Iterator[Process]:
    """Run `node run` at a free port; its log goes to a file in the folder."""
    log = folder / "log"
    command = arguments("run", "--network", "local-7", "--bind", "127.0.0.1:0", *flags)
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | (environ or {})
        ) as popen,
    ):
        try:
            assert popen.stdout is not None
            found = _READY.fullmatch(popen.stdout.readline())
            assert found is not None, log.read_text()
            yield Process(popen, found[1], log)
        finally:
            popen.kill()


def run(*flags: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of `node` to its end."""
    return subprocess.run(
        arguments(*flags),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=os.environ | (environ or {}),
    )
