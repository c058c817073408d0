"""The port to Kafka on kafka-python."""

from __future__ import annotations

from collections.abc import Collection

from ceramic_connectors.kafka.kafka_python.admin import KafkaPythonAdmin
from ceramic_connectors.kafka.kafka_python.config import check_library
from ceramic_connectors.kafka.kafka_python.consumer import KafkaPythonConsumer
from ceramic_connectors.kafka.kafka_python.producer import KafkaPythonProducer
from ceramic_connectors.kafka.kafka_python.sender import KafkaPythonSender
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.kafka.settings import KafkaSettings


class KafkaPython:
    """See `port.Kafka`."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Check the library.

        Raises:
            UsageError: it isn't there, or in a version that isn't known here.
        """
        check_library()
        self._settings = settings

    def producer(self, transactional_id: str, touches: Collection[Partition] = ()) -> KafkaPythonProducer:
        """See `port.Kafka.producer`."""
        return KafkaPythonProducer(self._settings, transactional_id, touches)

    def sender(self) -> KafkaPythonSender:
        """See `port.Kafka.sender`."""
        return KafkaPythonSender(self._settings)

    def consumer(self, group: str | None = None) -> KafkaPythonConsumer:
        """See `port.Kafka.consumer`."""
        return KafkaPythonConsumer(self._settings, group)

    def admin(self) -> KafkaPythonAdmin:
        """See `port.Kafka.admin`."""
        return KafkaPythonAdmin(self._settings)
