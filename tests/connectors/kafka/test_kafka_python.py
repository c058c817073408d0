"""The contract, through kafka-python."""

from __future__ import annotations

import pytest

from ceramic_connectors.kafka.port import Kafka
from ceramic_connectors.kafka.settings import KafkaSettings
from tests.connectors.kafka.kafka_contract import KafkaContract

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")


class TestKafkaPython(KafkaContract):
    def opened(self, settings: KafkaSettings) -> Kafka:
        from ceramic_connectors.kafka.kafka_python.client import KafkaPython

        return KafkaPython(settings)
