"""The last minutes of a node, a point a second, for the charts of the status page."""

from __future__ import annotations

from collections import deque
from typing import Final

from ceramic_node import metrics
from ceramic_node.watching.figures import Figures
from ceramic_node.watching.intake_meter import REFUSED
from ceramic_node.watching.meter import Meter
from ceramic_protocol.limits import STATUS_POINTS


class History:
    """Points of the charts. Used from one thread.

    Attributes:
        times: unix seconds of the points.
        series: values of each chart's line, as many as there are times.
    """

    def __init__(self, meter: Meter) -> None:
        """Begin with what has been counted so far."""
        self._meter = meter
        self.times: Final[deque[float]] = deque(maxlen=STATUS_POINTS)
        self.series: Final[dict[str, deque[float]]] = {
            name: deque(maxlen=STATUS_POINTS) for name in ("kept", "refused", "requests", "lag")
        }
        self._before: dict[str, float] = self._totals()

    def add(self, now: float, seconds: float, figures: Figures) -> None:
        """Add a point.

        Args:
            now: unix seconds.
            seconds: since the point before.
            figures: of the node.
        """
        totals = self._totals()
        self.times.append(now)
        for name, total in totals.items():
            rate = (total - self._before[name]) / max(seconds, 0.001)
            self.series[name].append(round(rate, 1))
        self.series["lag"].append(figures.lag)
        self._before = totals

    def rejects(self) -> dict[str, int]:
        """How many events were refused for each reason."""
        return {
            reason: int(count)
            for (outcome, reason), count in self._meter.total(metrics.EVENTS).items()
            if outcome == REFUSED
        }

    def _totals(self) -> dict[str, float]:
        events = self._meter.total(metrics.EVENTS)
        refused = sum(count for (outcome, _reason), count in events.items() if outcome == REFUSED)
        requests = sum(self._meter.total(metrics.REQUESTS).values())
        return {"kept": sum(events.values()) - refused, "refused": refused, "requests": requests}
