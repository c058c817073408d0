"""What a process has taken, with all that it has started."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_KIB: Final = 1024


def processes(pid: int) -> list[int]:
    """Numbers of a process and of those that it and they have started and that run now."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, _read(children).split())
    return found


def cpu_seconds(pid: int) -> float:
    """CPU seconds that they have taken, with their threads."""
    ticks = 0
    for each in processes(pid):
        fields = _read(Path(f"/proc/{each}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    """The most memory that was resident, so far: of each of them, added up."""
    status = [line for each in processes(pid) for line in _read(Path(f"/proc/{each}/status")).splitlines()]
    return sum(int(line.split()[1]) * _KIB for line in status if line.startswith("VmHWM"))


def _read(path: Path) -> str:
    """A file about a process; empty if that has just ended."""
    try:
        return path.read_text("ascii")
    except OSError:
        return ""
