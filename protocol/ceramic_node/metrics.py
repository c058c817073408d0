"""Every metric of a node, once: name, kind, labels, unit and meaning. `docs/metrics.md` is made from this.

Labels have few values, and never anything that a client chose freely: an unknown path has the route `other`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "ceramic_"

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)


class MetricKind(StrEnum):
    """What a metric counts like."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


# Told apart by identity: they are keys where every request counts.
@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric.

    Attributes:
        name: without the prefix; a counter's samples end in `_total` beside.
        kind: what it counts like.
        help: a sentence.
        labels: what it is told apart by.
        unit: of its values; empty for numbers of things.
        buckets: upper bounds, for a histogram.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """As it is asked for in queries."""
        return PREFIX + self.name + ("_total" if self.kind is MetricKind.COUNTER else "")


def _counter(name: str, text: str, *labels: str, unit: str = "") -> Metric:
    return Metric(name, MetricKind.COUNTER, text, labels, unit)


def _gauge(name: str, text: str, *labels: str, unit: str = "") -> Metric:
    return Metric(name, MetricKind.GAUGE, text, labels, unit)


def _histogram(name: str, text: str, buckets: Iterable[float], *labels: str, unit: str = "") -> Metric:
    return Metric(name, MetricKind.HISTOGRAM, text, labels, unit, tuple(buckets))


BUILD: Final = _gauge("build_info", "Always 1.", "version", "python", "network")
STARTED: Final = _gauge("started_seconds", "When the node was started.", unit="unix seconds")

EVENTS: Final = _counter(
    "intake_events",
    "Events that were handed in: new, known or better (kept), no_room, refused, or not_wanted (no interest"
    " covers them). `reason` is why one was refused, or why its own checks are pending; none otherwise.",
    "outcome",
    "reason",
)
BATCH: Final = _histogram("intake_batch_events", "Events that were verified and kept together.", _SIZES)
KEEP: Final = _histogram(
    "intake_keep_seconds", "How long verifying and keeping a batch took.", _SECONDS, unit="seconds"
)
PUT: Final = _histogram(
    "store_put_seconds", "How long the store took to keep a batch.", _SECONDS, unit="seconds"
)
INTAKE_WAITING: Final = _gauge("intake_waiting_requests", "Requests whose events wait to be kept.")
OVERLOADED: Final = _counter("intake_overloaded", "Times that events weren't taken as too many waited.")

HEAD: Final = _gauge("feed_position", "Position of the last event of the feed.")
WAITING: Final = _gauge("store_waiting_events", "Events that wait for others.")
STORE_SIZE: Final = _gauge("store_size_bytes", "Files of the store on disk.", unit="bytes")

PRUNED: Final = _counter("store_pruned_events", "Events whose bytes went as no interest covers them.")
PRUNED_BYTES: Final = _counter("store_pruned_bytes", "Bytes of these events.", unit="bytes")

LAG: Final = _gauge("states_lag_changes", "Changes of the store that the states don't have yet.")
LAG_SECONDS: Final = _gauge(
    "states_lag_seconds", "For how long the states haven't had all changes; 0 if they have.", unit="seconds"
)
STATES: Final = _gauge("states_backlog", "Streams that are to be judged, or that failed.", "kind")
FOLLOW: Final = _histogram(
    "states_follow_seconds", "How long one transaction of states took.", _SECONDS, unit="seconds"
)
FOLLOWED: Final = _counter("states_streams", "Streams that were judged, each as often as it was.")
CORRECTIONS: Final = _counter("states_corrections", "Moves of a stream's tip, by their cause.", "cause")

REQUESTS: Final = _counter(
    "http_requests",
    "Requests that were answered, by the template of their route.",
    "route",
    "method",
    "status",
)
DURATION: Final = _histogram(
    "http_request_seconds",
    "How long it took until the answer to a request was ready to be sent. Subscriptions aren't here.",
    _SECONDS,
    "route",
    "method",
    unit="seconds",
)
UNDER_WAY: Final = _gauge("http_requests_under_way", "Requests that are being worked on, subscriptions too.")
SUBSCRIBERS: Final = _gauge("http_subscribers", "Subscriptions that are open, by kind.", "kind")
CONNECTIONS: Final = _gauge("http_connections", "Connections that are open.")
REFUSED: Final = _counter(
    "http_refused",
    "Requests and connections that were refused before they reached an API, by the answer's code:"
    " `token_missing`, `token_invalid`, `scope_missing`, `too_many_requests`, ….",
    "code",
)
BODIES: Final = _gauge("http_bodies_bytes", "Bodies of requests in memory.", unit="bytes")
FAILURES: Final = _counter(
    "http_failures", "Requests that ended in an error of the node's own (500).", "route"
)

TOKENS: Final = _gauge("tokens", "Tokens that count.")
PEERS: Final = _gauge("peers", "Peers that are known.")

METRICS: Final[Sequence[Metric]] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""All of them, in the order in which they stand here."""
