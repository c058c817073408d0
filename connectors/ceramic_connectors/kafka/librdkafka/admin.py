"""Topics, through confluent-kafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from ceramic_connectors.kafka.librdkafka.causes import Causes
from ceramic_connectors.kafka.librdkafka.config import common
from ceramic_connectors.kafka.port import INTERNAL, Partition, Topic
from ceramic_connectors.kafka.settings import KafkaSettings


class LibrdkafkaAdmin:
    """See `port.Admin`."""

    def __init__(self, settings: KafkaSettings) -> None:
        from confluent_kafka.admin import AdminClient

        self._causes = Causes(settings.servers)
        self._timeout = settings.times.request
        self._admin = AdminClient({**common(settings), "error_cb": self._causes.hear, "log_level": 0})
        self._causes.serve = lambda: self._admin.poll(0)
        with self._causes.asking():
            self._admin.list_topics(timeout=settings.times.connect)

    def create(self, topics: Iterable[Topic]) -> set[str]:
        """See `port.Admin.create`."""
        from confluent_kafka.admin import NewTopic

        wanted = [
            NewTopic(each.name, each.partitions, each.replication, config=dict(each.settings))
            for each in topics
        ]
        answers = self._admin.create_topics(wanted, operation_timeout=self._timeout) if wanted else {}
        return {name for name, answer in answers.items() if self._done(answer, "TOPIC_ALREADY_EXISTS")}

    def names(self) -> set[str]:
        """See `port.Admin.names`."""
        with self._causes.asking():
            return set(self._admin.list_topics(timeout=self._timeout).topics) - INTERNAL

    def cluster_id(self) -> str:
        """See `port.Admin.cluster_id`."""
        with self._causes.asking():
            return str(self._admin.list_topics(timeout=self._timeout).cluster_id)

    def describe(self, names: Iterable[str]) -> dict[str, Topic]:
        """See `port.Admin.describe`."""
        from confluent_kafka import TopicCollection
        from confluent_kafka.admin import ConfigResource, ConfigSource

        with self._causes.asking():
            there = self._admin.list_topics(timeout=self._timeout).topics
            found = sorted(there.keys() & set(names))
            asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in found]
            answers = self._admin.describe_configs(asked) if asked else {}
            settings = {resource.name: answer.result(self._timeout) for resource, answer in answers.items()}
            told = self._admin.describe_topics(TopicCollection(found)) if found else {}
            ids = {name: str(answer.result(self._timeout).topic_id) for name, answer in told.items()}
        own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        return {name: _topic(there[name], settings[name], own, ids[name]) for name in found}

    def alter(self, name: str, settings: Mapping[str, str]) -> None:
        """See `port.Admin.alter`."""
        from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

        entries = [
            ConfigEntry(each, value, incremental_operation=AlterConfigOpType.SET)
            for each, value in settings.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
        for answer in self._admin.incremental_alter_configs([resource]).values():
            self._done(answer)

    def delete_records(self, before: Mapping[Partition, int]) -> None:
        """See `port.Admin.delete_records`."""
        from confluent_kafka import TopicPartition

        wanted = [TopicPartition(*each, offset) for each, offset in before.items()]
        for answer in self._admin.delete_records(wanted).values():
            self._done(answer)

    def delete(self, names: Iterable[str]) -> None:
        """See `port.Admin.delete`."""
        for answer in self._admin.delete_topics(list(names), operation_timeout=self._timeout).values():
            self._done(answer, "UNKNOWN_TOPIC_OR_PART")

    def close(self) -> None:
        """See `port.Admin.close`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _done(self, answer: Any, *harmless: str) -> bool:
        """Wait for an answer; whether it is no error, where harmless ones are not raised."""
        from confluent_kafka import KafkaException

        try:
            answer.result(self._timeout)
        except KafkaException as error:
            if error.args[0].name() in harmless:
                return False
            raise self._causes.ours(error.args[0]) from error
        return True


def _topic(found: Any, settings: Mapping[str, Any], own: int, topic_id: str) -> Topic:
    mine = {name: entry.value for name, entry in settings.items() if entry.source == own}
    return Topic(found.topic, len(found.partitions), len(found.partitions[0].replicas), mine, topic_id)
