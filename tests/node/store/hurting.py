"""What is done to stores to see that they get over it: processes killed at work, and bytes changed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from tests.support.vectors import PROJECT


def run_and_kill(module: str, folder: Path, steps: int, pause: float) -> bool:
    """Whether a program that tells of each step could be killed, after so many and a moment."""
    command = [sys.executable, "-m", module, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _step in range(steps):
            process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
        return process.wait() == -signal.SIGKILL


def damage(folder: Path, damaged: Path, name: str, random: Random) -> None:
    """Copy a folder, and change a few bytes of a file in the copy."""
    shutil.rmtree(damaged, ignore_errors=True)
    shutil.copytree(folder, damaged)
    with (damaged / name).open("r+b") as file:
        size = file.seek(0, 2)
        for _ in range(3):
            file.seek(random.randrange(size - 64))
            file.write(random.randbytes(random.choice([1, 16, 64])))
