"""The contract, through confluent-kafka."""

from __future__ import annotations

import pytest

from ceramic_connectors.kafka.port import Kafka
from ceramic_connectors.kafka.settings import KafkaSettings
from tests.connectors.kafka.kafka_contract import KafkaContract

pytest.importorskip(
    "confluent_kafka", reason="confluent-kafka is not installed: pip install 'ceramic-streams[confluent]'"
)


class TestConfluent(KafkaContract):
    def opened(self, settings: KafkaSettings) -> Kafka:
        from ceramic_connectors.kafka.librdkafka.client import Librdkafka

        return Librdkafka(settings)
