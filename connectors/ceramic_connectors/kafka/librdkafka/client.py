"""The port to Kafka on confluent-kafka."""

from __future__ import annotations

from collections.abc import Collection

from ceramic_connectors.kafka.librdkafka.admin import LibrdkafkaAdmin
from ceramic_connectors.kafka.librdkafka.config import check_library
from ceramic_connectors.kafka.librdkafka.consumer import LibrdkafkaConsumer
from ceramic_connectors.kafka.librdkafka.producer import LibrdkafkaProducer
from ceramic_connectors.kafka.librdkafka.sender import LibrdkafkaSender
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.kafka.settings import KafkaSettings


class Librdkafka:
    """See `port.Kafka`."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Check the library.

        Raises:
            UsageError: it isn't there.
        """
        check_library()
        self._settings = settings

    def producer(self, transactional_id: str, touches: Collection[Partition] = ()) -> LibrdkafkaProducer:
        """See `port.Kafka.producer`."""
        return LibrdkafkaProducer(self._settings, transactional_id, touches)

    def sender(self) -> LibrdkafkaSender:
        """See `port.Kafka.sender`."""
        return LibrdkafkaSender(self._settings)

    def consumer(self, group: str | None = None) -> LibrdkafkaConsumer:
        """See `port.Kafka.consumer`."""
        return LibrdkafkaConsumer(self._settings, group)

    def admin(self) -> LibrdkafkaAdmin:
        """See `port.Kafka.admin`."""
        return LibrdkafkaAdmin(self._settings)
