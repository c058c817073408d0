"""Topics, through kafka-python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from ceramic_connectors.kafka.errors import KafkaRefusedError
from ceramic_connectors.kafka.kafka_python.causes import asking, connecting
from ceramic_connectors.kafka.kafka_python.config import common
from ceramic_connectors.kafka.port import INTERNAL, Partition, Topic
from ceramic_connectors.kafka.settings import KafkaSettings


class KafkaPythonAdmin:
    """See `port.Admin`."""

    def __init__(self, settings: KafkaSettings) -> None:
        from kafka.admin import KafkaAdminClient

        self._servers = settings.servers
        self._closed = False
        with connecting(settings):
            self._admin = KafkaAdminClient(**common(settings))

    def create(self, topics: Iterable[Topic]) -> set[str]:
        """See `port.Admin.create`."""
        from kafka.errors import TopicAlreadyExistsError

        made = set()
        for topic in topics:
            wanted = {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replication,
                "configs": dict(topic.settings),
            }
            with asking(self._servers):
                try:
                    self._admin.create_topics({topic.name: wanted}, wait_for_metadata=True)
                except TopicAlreadyExistsError:
                    continue
            made.add(topic.name)
        return made

    def names(self) -> set[str]:
        """See `port.Admin.names`."""
        with asking(self._servers):
            return set(self._admin.list_topics()) - INTERNAL

    def cluster_id(self) -> str:
        """See `port.Admin.cluster_id`."""
        with asking(self._servers):
            return str(self._admin.describe_cluster()["cluster_id"])

    def describe(self, names: Iterable[str]) -> dict[str, Topic]:
        """See `port.Admin.describe`."""
        with asking(self._servers):
            there = set(self._admin.list_topics()).intersection(names)
            found = self._admin.describe_topics(sorted(there)) if there else []
            settings = self._settings(sorted(there)) if there else {}
        return {topic["name"]: _topic(topic, settings.get(topic["name"], {})) for topic in found}

    def alter(self, name: str, settings: Mapping[str, str]) -> None:
        """See `port.Admin.alter`."""
        from kafka.admin import ConfigResource

        with asking(self._servers):
            try:
                answer = self._admin.alter_configs([ConfigResource("TOPIC", name, dict(settings))])
            except ValueError as error:  # it knows the names of settings itself
                raise KafkaRefusedError(f"Kafka at {self._servers} refuses: {error}") from None
        said = answer["topic"][name]
        if said != "OK":
            raise KafkaRefusedError(f"Kafka at {self._servers} refuses settings of {name}: {said}")

    def delete_records(self, before: Mapping[Partition, int]) -> None:
        """See `port.Admin.delete_records`."""
        from kafka.structs import TopicPartition

        with asking(self._servers):
            self._admin.delete_records({TopicPartition(*each): offset for each, offset in before.items()})

    def delete(self, names: Iterable[str]) -> None:
        """See `port.Admin.delete`."""
        from kafka.errors import UnknownTopicOrPartitionError

        for name in names:
            with asking(self._servers):
                try:
                    self._admin.delete_topics([name])
                except UnknownTopicOrPartitionError:
                    continue

    def close(self) -> None:
        """See `port.Admin.close`."""
        if not self._closed:
            self._closed = True
            self._admin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _settings(self, names: list[str]) -> dict[str, Any]:
        from kafka.admin import ConfigResource

        found: dict[str, Any] = self._admin.describe_configs(
            [ConfigResource("TOPIC", name) for name in names]
        )
        return dict(found.get("topic", {}))


def _topic(found: Mapping[str, Any], settings: Mapping[str, Any]) -> Topic:
    partitions = found["partitions"]
    own = {name: str(setting["value"]) for name, setting in settings.items()}
    number = found.get("topic_id")
    name = str(number) if number else ""
    return Topic(found["name"], len(partitions), len(partitions[0]["replica_nodes"]), own, name)
