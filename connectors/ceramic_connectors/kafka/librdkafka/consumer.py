"""Reading what was committed, through confluent-kafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from ceramic_connectors.kafka.librdkafka.causes import Causes
from ceramic_connectors.kafka.librdkafka.config import common
from ceramic_connectors.kafka.port import Member, Partition, Received
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KAFKA_FETCH_WAIT_MS, KAFKA_HEARTBEATS, MAX_KAFKA_POLL


class LibrdkafkaConsumer:
    """See `port.Consumer`."""

    def __init__(self, settings: KafkaSettings, group: str | None) -> None:
        from confluent_kafka import Consumer

        self._settings = settings
        self._causes = Causes(settings.servers)
        self._timeout = settings.times.request
        self._group = group
        self._closed = False
        self._starts: dict[Partition, int] = {}
        config = {
            **common(settings),
            "error_cb": self._causes.hear,
            "group.id": group or "-",  # the library wants one
            "session.timeout.ms": round(settings.times.session * 1000),
            "heartbeat.interval.ms": round(settings.times.session * 1000 / KAFKA_HEARTBEATS),
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": KAFKA_FETCH_WAIT_MS,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,  # moves the position behind markers
            "log_level": 0,
        }
        self._consumer = Consumer(config)
        # Without partitions there is nothing to read.
        self._causes.serve = lambda: self._consumer.poll(0) if not self._starts else None
        try:
            with self._causes.asking():
                self._consumer.list_topics(timeout=settings.times.connect)
        except BaseException:
            self.close()
            raise

    def assign(self, positions: Mapping[Partition, int | None]) -> None:
        """See `port.Consumer.assign`."""
        from confluent_kafka import TopicPartition

        begins = self.begins([each for each, at in positions.items() if at is None])
        self._starts = {each: begins[each] if at is None else at for each, at in positions.items()}
        with self._causes.asking():
            self._consumer.assign([TopicPartition(*each, at) for each, at in self._starts.items()])

    def subscribe(self, topics: Sequence[str]) -> None:
        """See `port.Consumer.subscribe`."""
        self._needed_group()
        with self._causes.asking():
            self._consumer.subscribe(list(topics))

    def poll(self, seconds: float) -> list[Received]:
        """See `port.Consumer.poll`."""
        from confluent_kafka import KafkaError as Code
        from confluent_kafka import KafkaException

        found = []
        with self._causes.asking():
            first = self._consumer.poll(seconds)
            if first is None:
                return []
            for record in [first, *self._consumer.consume(MAX_KAFKA_POLL - 1, 0)]:
                error = record.error()
                if error is None:
                    found.append(_received(record))
                elif error.code() == Code._PARTITION_EOF:  # noqa: SLF001  # so the library calls it
                    self._starts[Partition(record.topic(), record.partition())] = record.offset()
                else:
                    raise KafkaException(error)
        return found

    def position(self, partition: Partition) -> int:
        """See `port.Consumer.position`."""
        with self._causes.asking():
            (found,) = self._consumer.position([_theirs(partition)])
        return max(int(found.offset), self._starts.get(partition, 0))

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.ends`."""
        return {each: self._marks(each)[1] for each in partitions}

    def written_ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.written_ends`."""
        from confluent_kafka import IsolationLevel
        from confluent_kafka.admin import AdminClient, OffsetSpec

        admin = AdminClient({**common(self._settings), "error_cb": self._causes.hear, "log_level": 0})
        with self._causes.asking():
            answers = admin.list_offsets(
                {_theirs(each): OffsetSpec.latest() for each in partitions},
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=self._timeout,
            )
            found = {each: answer.result(self._timeout) for each, answer in answers.items()}
        return {Partition(each.topic, each.partition): int(end.offset) for each, end in found.items()}

    def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.begins`."""
        return {each: self._marks(each)[0] for each in partitions}

    def offsets_at(self, partitions: Iterable[Partition], timestamp_ms: int) -> dict[Partition, int]:
        """See `port.Consumer.offsets_at`."""
        from confluent_kafka import TopicPartition

        asked = [TopicPartition(*each, timestamp_ms) for each in partitions]
        with self._causes.asking():
            found = self._consumer.offsets_for_times(asked, self._timeout)
        return {Partition(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """See `port.Consumer.committed`."""
        self._needed_group()
        with self._causes.asking():
            found = self._consumer.committed([_theirs(each) for each in partitions], self._timeout)
        return {Partition(each.topic, each.partition): each.offset for each in found if each.offset >= 0}

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """See `port.Consumer.commit`."""
        from confluent_kafka import TopicPartition

        self._needed_group()
        wanted = [TopicPartition(*each, at) for each, at in offsets.items()]
        with self._causes.asking():
            self._consumer.commit(offsets=wanted, asynchronous=False)

    def member(self) -> Member:
        """See `port.Consumer.member`."""
        return Member(self._needed_group(), self._consumer.consumer_group_metadata())

    def close(self) -> None:
        """See `port.Consumer.close`."""
        if not self._closed:
            self._closed = True
            self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _marks(self, partition: Partition) -> tuple[int, int]:
        with self._causes.asking():
            low, high = self._consumer.get_watermark_offsets(_theirs(partition), self._timeout)
        return low, high

    def _needed_group(self) -> str:
        if self._group is None:
            raise UsageError("this consumer was opened without a group")
        return self._group


def _theirs(partition: Partition) -> Any:
    from confluent_kafka import TopicPartition

    return TopicPartition(*partition)


def _received(record: Any) -> Received:
    return Received(
        Partition(record.topic(), record.partition()),
        record.offset(),
        record.key(),
        record.value(),
        tuple(record.headers() or ()),
        record.timestamp()[1],
    )
