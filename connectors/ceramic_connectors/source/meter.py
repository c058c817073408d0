"""Figures of a task for Prometheus; those that Kafka Connect has too are named as its exporters name them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ceramic_connectors.config.values import Address
from ceramic_connectors.source.composing import Seen
from ceramic_connectors.source.origin import Feed
from ceramic_protocol.errors import OutsideError, UsageError

_LABELS: Final = ("connector", "task")
_MILLI: Final = 1_000


class Meter:
    """Counts for one task; each call costs a microsecond."""

    def __init__(self, name: str, task: int) -> None:
        """Begin with nothing.

        Raises:
            UsageError: the library isn't installed.
        """
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge
        except ModuleNotFoundError:
            raise UsageError("--metrics needs the extra kafka: install ceramic-streams[kafka]") from None
        self.registry: Final = CollectorRegistry()
        labels = (name, str(task))
        self._records = Counter(
            "kafka_connect_source_task_source_record_write_total",
            "Records that went into transactions.",
            _LABELS,
            registry=self.registry,
        ).labels(*labels)
        self._failures = Counter(
            "ceramic_source_failures_total",
            "Times that a producer was replaced and the position read anew.",
            _LABELS,
            registry=self.registry,
        ).labels(*labels)
        by_feed = (*_LABELS, "feed")
        position = Gauge(
            "ceramic_source_position",
            "Up to where a feed was written.",
            by_feed,
            registry=self.registry,
        )
        live = Gauge(
            "ceramic_source_live",
            "Whether all that was there is read.",
            by_feed,
            registry=self.registry,
        )
        self._positions = {feed: position.labels(*labels, feed.value) for feed in Feed}
        self._live = {feed: live.labels(*labels, feed.value) for feed in Feed}
        self._behind = Gauge(
            "ceramic_source_behind_seconds",
            "Age of the last event, when it was committed.",
            _LABELS,
            registry=self.registry,
        ).labels(*labels)

    def read(self, page: Seen) -> None:
        """What a page had is in Kafka."""
        self._positions[page.feed].set(page.position)
        self._live[page.feed].set(page.is_end)
        if page.received is not None:
            self._behind.set(max(0.0, time.time() - page.received / _MILLI))

    def written(self, records: int) -> None:
        """So many records go into a transaction."""
        self._records.inc(records)

    def failed(self) -> None:
        """A producer is replaced."""
        self._failures.inc()

    @contextmanager
    def served(self, address: Address) -> Iterator[None]:
        """Serve the figures at an address until the block ends.

        Raises:
            OutsideError: the address is taken, or isn't one of this machine.
        """
        from prometheus_client import start_http_server

        try:
            server, thread = start_http_server(address.port, address.host, self.registry)
        except OSError as error:
            raise OutsideError(
                f"can't serve metrics at {address}: {error}; name another address with --metrics"
            ) from None
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
