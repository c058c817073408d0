"""The figures of one node, kept by Prometheus' own library."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ceramic_node import metrics
from ceramic_node.metrics import METRICS, PREFIX, Metric, MetricKind

_LOG: Final = logging.getLogger(__name__)

Reading = Callable[[], Mapping[tuple[str, ...], float]]
"""Reads a gauge when it is asked for: values by their labels."""


class Meter:
    """Counts, from any thread. Each metric is named by its declaration in `metrics`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters = {
            metric: Counter(PREFIX + metric.name, metric.help, metric.labels, registry=self._registry)
            for metric in _of(MetricKind.COUNTER)
        }
        self._histograms = {
            metric: Histogram(
                PREFIX + metric.name,
                metric.help,
                metric.labels,
                buckets=metric.buckets,
                registry=self._registry,
            )
            for metric in _of(MetricKind.HISTOGRAM)
        }
        # Looking these up by the library costs several times what counting does.
        self._counting: dict[tuple[Metric, tuple[str, ...]], Counter] = {}
        self._observing: dict[tuple[Metric, tuple[str, ...]], Histogram] = {}
        self._readings = _Readings()
        self._registry.register(self._readings)

    def count(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Add to a counter."""
        counter = self._counting.get((metric, labels))
        if counter is None:
            parent = self._counters[metric]
            counter = self._counting[metric, labels] = parent.labels(*labels) if labels else parent
        counter.inc(amount)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Note one value of a histogram."""
        histogram = self._observing.get((metric, labels))
        if histogram is None:
            parent = self._histograms[metric]
            histogram = self._observing[metric, labels] = parent.labels(*labels) if labels else parent
        histogram.observe(value)

    def read_by(self, metric: Metric, reading: Reading) -> None:
        """Say how a gauge is read; the last one said counts. A reading that fails leaves its gauge out."""
        if metric.kind is not MetricKind.GAUGE:
            raise ValueError(f"{metric.name} is no gauge")
        self._readings.by_metric[metric] = reading

    def read_value(self, metric: Metric, reading: Callable[[], float]) -> None:
        """The same for a gauge without labels."""
        self.read_by(metric, lambda: {(): reading()})

    def total(self, metric: Metric) -> dict[tuple[str, ...], float]:
        """What a counter has come to, by its labels."""
        return {
            tuple(sample.labels[label] for label in metric.labels): sample.value
            for family in self._counters[metric].collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    def page(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def describe_build(self, network: str) -> None:
        """Say what runs here, and since when."""
        labels = (version("ceramic-streams"), platform.python_version(), network)
        started = time.time()
        self.read_by(metrics.BUILD, lambda: {labels: 1.0})
        self.read_value(metrics.STARTED, lambda: started)


class _Readings(Collector):
    """The gauges, read when somebody asks."""

    def __init__(self) -> None:
        self.by_metric: dict[Metric, Reading] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for metric, reading in list(self.by_metric.items()):
            try:
                values = reading()
            except Exception:  # noqa: BLE001  # one figure that can't be had must not hide the others
                _LOG.warning("%s can't be read", metric.full_name, exc_info=True)
                continue
            family = GaugeMetricFamily(PREFIX + metric.name, metric.help, labels=metric.labels)
            for labels, value in values.items():
                family.add_metric(labels, value)
            yield family

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from ()  # or the library would read everything when it is told of this


def _of(kind: MetricKind) -> list[Metric]:
    return [metric for metric in METRICS if metric.kind is kind]
