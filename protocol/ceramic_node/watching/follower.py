"""Counts, times and traces what a follower does."""

from __future__ import annotations

from typing import Final

from ceramic_node import metrics
from ceramic_node.following.port import Turn
from ceramic_node.watching.meter import Meter
from ceramic_node.watching.tracing import Tracer


class FollowMeter:
    """Told of each turn of a follower, from any thread."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        """Say what counts, and what makes spans."""
        self._meter: Final = meter
        self._tracer: Final = tracer

    def __call__(self, turn: Turn) -> None:
        """Note it."""
        self._meter.observe(metrics.FOLLOW, turn.seconds)
        self._meter.count(metrics.FOLLOWED, amount=turn.streams)
        self._tracer.record("follow", turn.began, {"ceramic.streams": turn.streams})
