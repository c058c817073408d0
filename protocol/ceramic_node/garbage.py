"""Python's garbage collector, set for programs that make much and let go of it by themselves."""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (20_000, 20, 50)


def collect_less() -> None:
    """Look for cycles seldom, and never among what there was at the start: hardly any come to be here."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
