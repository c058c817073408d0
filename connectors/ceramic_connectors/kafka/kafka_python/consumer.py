"""Reading what was committed, through kafka-python."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from ceramic_connectors.kafka.errors import KafkaUnreachableError
from ceramic_connectors.kafka.kafka_python.causes import asking, connecting
from ceramic_connectors.kafka.kafka_python.config import common
from ceramic_connectors.kafka.port import Member, Partition, Received
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    KAFKA_FETCH_WAIT_MS,
    KAFKA_HEARTBEATS,
    KAFKA_LINGER_SECONDS,
    MAX_KAFKA_POLL,
)


class KafkaPythonConsumer:
    """See `port.Consumer`."""

    def __init__(self, settings: KafkaSettings, group: str | None) -> None:
        from kafka import KafkaConsumer

        self._servers = settings.servers
        self._group = group
        self._settings = settings
        self._closed = False
        self._uncommitted: Any = None
        with connecting(settings):
            self._consumer = KafkaConsumer(
                **common(settings),
                metrics_enabled=False,
                group_id=group,
                session_timeout_ms=round(settings.times.session * 1000),
                heartbeat_interval_ms=round(settings.times.session * 1000 / KAFKA_HEARTBEATS),
                isolation_level="read_committed",
                fetch_max_wait_ms=KAFKA_FETCH_WAIT_MS,
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
        return self._offsets(self._consumer.end_offsets, partitions)

    def written_ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.written_ends`."""
        from kafka import KafkaConsumer

        if self._uncommitted is None:  # the isolation belongs to a consumer, not to a question
            with connecting(self._settings):
                self._uncommitted = KafkaConsumer(**common(self._settings), metrics_enabled=False)
        return self._offsets(self._uncommitted.end_offsets, partitions)

    def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.begins`."""
        return self._offsets(self._consumer.beginning_offsets, partitions)

    def offsets_at(self, partitions: Iterable[Partition], timestamp_ms: int) -> dict[Partition, int]:
        """See `port.Consumer.offsets_at`."""
        found: dict[Partition, int] = {}
        for each in partitions:
            # One by one: beside others, one whose leader isn't known now has none, as if nothing followed.
            with asking(self._servers):
                at = self._consumer.offsets_for_times({_theirs(each): timestamp_ms})[_theirs(each)]
            if at is not None:
                found[each] = int(at.offset)
        return found

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
            if self._uncommitted is not None:
                self._uncommitted.close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _offsets(self, ask: Callable[[Any], Any], partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The library has no answer for topics that are new to it, beside others: it only looks them up."""
        asked = [_theirs(each) for each in partitions]
        until = time.monotonic() + self._settings.times.request
        while True:
            with asking(self._servers), suppress(KeyError):
                return {Partition(*partition): int(offset) for partition, offset in ask(asked).items()}
            if time.monotonic() > until:
                raise KafkaUnreachableError(f"Kafka at {self._servers} doesn't say who leads {asked[:5]}")
            time.sleep(KAFKA_LINGER_SECONDS)

    def _needed_group(self) -> str:
        if self._group is None:
            raise UsageError("this consumer was opened without a group")
        return self._group


def _theirs(partition: Partition) -> Any:
    from kafka.structs import TopicPartition

    return TopicPartition(*partition)


def _received(record: Any) -> Received:
    return Received(
        Partition(record.topic, record.partition),
        record.offset,
        record.key,
        record.value,
        tuple(record.headers),
        record.timestamp,
    )
