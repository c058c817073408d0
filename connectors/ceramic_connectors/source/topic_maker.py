"""Topics are made when something is first written to them, with the settings that they need."""

from __future__ import annotations

from collections.abc import Iterable

from ceramic_connectors.kafka.port import Kafka, Partition
from ceramic_connectors.source.topics import Topics


class TopicMaker:
    """Makes topics that aren't there."""

    def __init__(self, kafka: Kafka, topics: Topics) -> None:
        self._kafka = kafka
        self._topics = topics
        self._known: set[str] = set()

    def make(self, names: Iterable[str]) -> None:
        """See to it that they are there.

        Raises:
            KafkaError: the broker can't be reached, or refuses.
        """
        new = set(names) - self._known
        if not new:
            return
        with self._kafka.admin() as admin:
            admin.create([self._topics.topic(name) for name in sorted(new)])
        self._known |= new

    def written(self) -> list[Partition]:
        """All partitions of the topics that there are, for whoever opens a producer (`Kafka.producer`).

        Raises:
            KafkaError: the broker can't be reached.
        """
        with self._kafka.admin() as admin:
            found = admin.describe([name for name in admin.names() if self._topics.has(name)])
        return [
            Partition(topic.name, number) for topic in found.values() for number in range(topic.partitions)
        ]
