"""Does a source of this name run already? Its heartbeats tell."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Final

from ceramic_connectors.kafka.port import Admin, Consumer, Kafka, Partition, Received
from ceramic_connectors.source.config import SourceConfig
from ceramic_protocol.limits import HEARTBEAT_GRACE_SECONDS, KAFKA_REQUEST_SECONDS, MAX_HEARTBEATS_READ

_POLL_SECONDS: Final = 0.5


def check_running(kafka: Kafka, admin: Admin, topic: str, config: SourceConfig) -> str:
    """Whether another source of this name gave a sign of life lately; that is no failure.

    Args:
        kafka: the cluster.
        admin: of the same.
        topic: that of heartbeats.
        config: of the source.

    Raises:
        KafkaError: they can't be read.
    """
    usual = f"no source called {config.name} gave a sign of life"
    if not config.heartbeat or topic not in admin.describe([topic]):
        return f"{usual} here yet"
    key = re.compile(re.escape(config.name) + r"-[0-9]+", re.ASCII)
    with kafka.consumer() as consumer:
        times = [found.timestamp_ms for found in _last(consumer, topic) if _fits(found, key)]
    age = time.time() - max(times, default=0) / 1000
    if age > 2 * config.heartbeat + HEARTBEAT_GRACE_SECONDS:
        return f"{usual} lately"
    return (
        f"a source called {config.name} gave a sign of life {max(0, age):.0f} s ago; one that is started now"
        " takes its place and ends it (--name makes it another one)"
    )


def _fits(found: Received, key: re.Pattern[str]) -> bool:
    return found.key is not None and key.fullmatch(found.key.decode("utf-8", "replace")) is not None


def _last(consumer: Consumer, topic: str) -> Iterator[Received]:
    partition = Partition(topic, 0)
    begin, end = consumer.begins([partition])[partition], consumer.ends([partition])[partition]
    consumer.assign({partition: max(begin, end - MAX_HEARTBEATS_READ)})
    until = time.monotonic() + KAFKA_REQUEST_SECONDS
    while consumer.position(partition) < end and time.monotonic() < until:
        yield from consumer.poll(_POLL_SECONDS)
