"""A Kafka client by the name of its library."""

from __future__ import annotations

from enum import StrEnum

from ceramic_connectors.kafka.port import Kafka
from ceramic_connectors.kafka.settings import KafkaSettings


class Library(StrEnum):
    """Which library speaks to Kafka."""

    KAFKA_PYTHON = "kafka-python"
    CONFLUENT = "confluent-kafka"


def open_kafka(settings: KafkaSettings, library: Library = Library.KAFKA_PYTHON) -> Kafka:
    """A client; nothing is connected yet.

    Raises:
        UsageError: the library isn't installed, or in a version that this one doesn't know.
    """
    if library is Library.CONFLUENT:
        from ceramic_connectors.kafka.librdkafka.client import Librdkafka

        return Librdkafka(settings)
    from ceramic_connectors.kafka.kafka_python.client import KafkaPython

    return KafkaPython(settings)
