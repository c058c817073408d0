"""A follower whose work is counted, timed and traced."""

from __future__ import annotations

import time
from typing import Any

from ceramic_node import metrics
from ceramic_node.states.follower import StateFollower
from ceramic_node.watching.meter import Meter
from ceramic_node.watching.tracing import Tracer
from ceramic_protocol.limits import MAX_STATE_BATCH


class WatchedFollower(StateFollower):
    """A `StateFollower` that is watched; looking in vain for work isn't noted."""

    def __init__(self, *args: Any, meter: Meter, tracer: Tracer, **options: Any) -> None:
        """See `StateFollower`."""
        super().__init__(*args, **options)
        self._meter = meter
        self._tracer = tracer

    def run_once(self, limit: int = MAX_STATE_BATCH) -> int:
        """See `StateFollower`."""
        began, start = time.time_ns(), time.perf_counter()
        done = super().run_once(limit)
        if done:
            self._meter.observe(metrics.FOLLOW, time.perf_counter() - start)
            self._meter.count(metrics.FOLLOWED, amount=done)
            self._tracer.record("follow", began, {"ceramic.streams": done})
        return done
