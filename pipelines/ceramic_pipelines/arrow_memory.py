"""Where Arrow takes its memory from."""

from __future__ import annotations

import os
from typing import Final

import pyarrow as pa

_SETTING: Final = "ARROW_DEFAULT_MEMORY_POOL"


def use_system_memory() -> None:
    """Have Arrow use the C library's allocator, here and in processes started from now on.

    Jobs make columns of a megabyte and drop them at once. Arrow's own allocator gives such memory back and
    has it cleared again each time, and holds more at its peak. Whoever has set `ARROW_DEFAULT_MEMORY_POOL`
    keeps what that says.
    """
    if _SETTING not in os.environ:
        os.environ[_SETTING] = "system"
        pa.set_memory_pool(pa.system_memory_pool())
