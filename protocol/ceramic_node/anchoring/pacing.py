"""When each batch is looked at again: at once, then after ever longer pauses."""

from __future__ import annotations

from collections.abc import Callable

from ceramic_node.anchoring.ports import Pace


class Pacing:
    """Times of batches by their number. Not kept: after a restart all are looked at at once."""

    def __init__(self, pace: Pace, clock: Callable[[], float]) -> None:
        self._pace = pace
        self._clock = clock
        self._times: dict[int, tuple[float, float]] = {}  # due at, next pause

    def is_due(self, batch: int) -> bool:
        """Whether to look at a batch now."""
        return self._times.get(batch, (0.0, 0.0))[0] <= self._clock()

    def postpone(self, batch: int) -> None:
        """Look at it later; each time twice as late as the time before."""
        pause = self._times.get(batch, (0.0, self._pace.pause))[1]
        longer = min(max(2 * pause, self._pace.pause), self._pace.longest_pause)
        self._times[batch] = (self._clock() + pause, longer)

    def forget(self, batch: int) -> None:
        """It is finished."""
        self._times.pop(batch, None)

    def wait(self) -> float:
        """Seconds until the next batch is due; `longest_pause` if there is none."""
        due = min((due for due, _pause in self._times.values()), default=None)
        if due is None:
            return self._pace.longest_pause
        return max(0.0, min(due - self._clock(), self._pace.longest_pause))
