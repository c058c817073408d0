"""The most memory that this process has held."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
_KIB: Final = 1024


def peak_bytes() -> int:
    """Peak of the resident memory so far."""
    # On Linux `ru_maxrss` begins with what the parent process held when it started this one.
    if _STATUS.is_file():
        for line in _STATUS.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB
