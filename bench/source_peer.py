"""A producer and nothing else: the same records, transactions of the same size, the same library."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, process_time
from typing import Final

from bench.source_site import BATCH, PARTITIONS, Site
from ceramic_connectors.kafka.kafka_python.producer import config_of
from ceramic_connectors.kafka.port import Partition, Received, Topic
from ceramic_connectors.kafka.settings import KafkaSettings

_TOPIC: Final = "bare"
_POSITION: Final = b"x" * 400


class Bare:
    """kafka-python's transactional producer with the source's settings, and without its guards."""

    def __init__(self, site: Site) -> None:
        from kafka import KafkaProducer

        with site.kafka.admin() as admin:
            admin.create([Topic(_TOPIC, PARTITIONS), Topic(f"{_TOPIC}-positions")])
        settings = KafkaSettings(site.broker.addresses.plain)
        self._producer = KafkaProducer(**config_of(settings, _TOPIC))
        self._producer.init_transactions()

    def write(self, records: Sequence[Received]) -> tuple[float, float]:
        """Write records; seconds and CPU seconds that it took."""
        started, cpu = perf_counter(), process_time()
        for start in range(0, len(records), BATCH):
            self._producer.begin_transaction()
            for record in records[start : start + BATCH]:
                self._producer.send(
                    _TOPIC,
                    record.value,
                    key=record.key,
                    headers=list(record.headers),
                    timestamp_ms=record.timestamp_ms,
                )
            # The source has its position with every transaction.
            self._producer.send(f"{_TOPIC}-positions", _POSITION)
            self._producer.commit_transaction()
        return perf_counter() - started, process_time() - cpu

    def close(self) -> None:
        """End it."""
        self._producer.close()


def records_of(site: Site, prefix: str, count: int) -> list[Received]:
    """So many records of a source's events."""
    found: list[Received] = []
    with site.kafka.consumer() as consumer, site.kafka.admin() as admin:
        names = [name for name in admin.names() if name.startswith(f"{prefix}.") and name.endswith(".events")]
        consumer.assign({Partition(name, number): None for name in names for number in range(PARTITIONS)})
        while len(found) < count:
            found += consumer.poll(1.0)
    return found[:count]
