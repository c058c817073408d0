"""A fixed piece of work, timed beside what is measured: how quick the machine is at that moment.

Dividing by it takes out of a comparison that the machine was slower in one of the two minutes.
"""

from __future__ import annotations

from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import Final

_STEPS: Final = 20_000
_REPEATED: Final = 5


def calibrate() -> float:
    """Seconds of the loop: the median of a few."""
    return median(_timed() for _ in range(_REPEATED))


def _timed() -> float:
    started = perf_counter()
    digest, places = b"", dict[bytes, int]()
    for step in range(_STEPS):
        digest = sha256(digest + b"%d" % step).digest()
        places[digest[:2]] = places.get(digest[1:3], 0) + len(digest) + step
    assert places
    return perf_counter() - started
