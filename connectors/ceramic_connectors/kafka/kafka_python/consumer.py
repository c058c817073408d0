"""Reading what was committed, through kafka-python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from ceramic_connectors.kafka.kafka_python.causes import asking, connecting
from ceramic_connectors.kafka.kafka_python.config import common
from ceramic_connectors.kafka.port import Member, Partition, Received
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_KAFKA_POLL


class KafkaPythonConsumer:
    """See `port.Consumer`."""

    def __init__(self, settings: KafkaSettings, group: str | None) -> None:
        from kafka import KafkaConsumer

        self._servers = settings.servers
        self._group = group
        self._closed = False
        with connecting(settings):
            self._consumer = KafkaConsumer(
                **common(settings),
                metrics_enabled=False,
                group_id=group,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                max_poll_records=MAX_KAFKA_POLL,
            )

    def assign(self, positions: Mapping[Partition, int | None]) -> None:
        """See `port.Consumer.assign`."""
        with asking(self._servers):
            self._consumer.assign([_theirs(partition) for partition in positions])
            for partition, offset in positions.items():
                if offset is None:
                    self._consumer.seek_to_beginning(_theirs(partition))
                else:
                    self._consumer.seek(_theirs(partition), offset)

    def subscribe(self, topics: Sequence[str]) -> None:
        """See `port.Consumer.subscribe`."""
        self._needed_group()
        self._consumer.subscribe(topics)

    def poll(self, seconds: float) -> list[Received]:
        """See `port.Consumer.poll`."""
        with asking(self._servers):
            found = self._consumer.poll(timeout_ms=round(seconds * 1000))
        return [_received(record) for records in found.values() for record in records]

    def position(self, partition: Partition) -> int:
        """See `port.Consumer.position`."""
        with asking(self._servers):
            return int(self._consumer.position(_theirs(partition)))

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.ends`."""
        with asking(self._servers):
            return _ours(self._consumer.end_offsets([_theirs(each) for each in partitions]))

    def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.begins`."""
        with asking(self._servers):
            return _ours(self._consumer.beginning_offsets([_theirs(each) for each in partitions]))

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.committed`."""
        self._needed_group()
        with asking(self._servers):
            found = {each: self._consumer.committed(_theirs(each)) for each in partitions}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """See `port.Consumer.commit`."""
        from kafka.structs import OffsetAndMetadata

        self._needed_group()
        with asking(self._servers):
            self._consumer.commit(
                {_theirs(each): OffsetAndMetadata(at, "", -1) for each, at in offsets.items()}
            )

    def member(self) -> Member:
        """See `port.Consumer.member`."""
        return Member(self._needed_group(), self._consumer.group_metadata())

    def close(self) -> None:
        """See `port.Consumer.close`."""
        if not self._closed:
            self._closed = True
            self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _needed_group(self) -> str:
        if self._group is None:
            raise UsageError("this consumer was opened without a group")
        return self._group


def _theirs(partition: Partition) -> Any:
    from kafka.structs import TopicPartition

    return TopicPartition(*partition)


def _ours(offsets: Mapping[Any, int]) -> dict[Partition, int]:
    return {Partition(*partition): offset for partition, offset in offsets.items()}


def _received(record: Any) -> Received:
    return Received(
        Partition(record.topic, record.partition),
        record.offset,
        record.key,
        record.value,
        tuple(record.headers),
        record.timestamp,
    )
