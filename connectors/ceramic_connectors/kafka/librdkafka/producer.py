"""Transactions through confluent-kafka, which keeps their promises by itself (kafka.md 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack, suppress
from typing import Any, Self

from ceramic_connectors.kafka.errors import KafkaError, KafkaTransactionError
from ceramic_connectors.kafka.kafka_python.config import check_library
from ceramic_connectors.kafka.kafka_python.coordinator import KafkaPythonCoordinator
from ceramic_connectors.kafka.librdkafka.causes import Causes
from ceramic_connectors.kafka.librdkafka.config import common
from ceramic_connectors.kafka.port import Member, Message, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_connectors.kafka.settling import settle, wait_until_closed
from ceramic_protocol.limits import KAFKA_CLOSE_SECONDS, KAFKA_LINGER_SECONDS, MAX_KAFKA_REQUEST_BYTES


class LibrdkafkaProducer:
    """See `port.Producer`."""

    def __init__(
        self, settings: KafkaSettings, transactional_id: str, touches: Collection[Partition] = ()
    ) -> None:
        from confluent_kafka import Producer

        check_library()  # librdkafka doesn't say what became of a transaction; kafka-python does
        self._causes = Causes(settings.servers)
        self._times = settings.times
        self._failure: KafkaError | None = None
        self._first: Any = None
        self._written: dict[Partition, int] = {}
        self._producer = Producer(config_of(settings, transactional_id, self._causes))
        self._causes.serve = lambda: self._producer.poll(0)
        with self._causes.asking():
            self._producer.list_topics(timeout=settings.times.connect)
        with ExitStack() as stack:
            self._coordinator = stack.enter_context(KafkaPythonCoordinator(settings, transactional_id))
            settle(self._coordinator, touches)
            with self._causes.asking():
                self._producer.init_transactions(settings.times.delivery)
            settle(self._coordinator, touches)
            stack.pop_all()

    def write(
        self,
        messages: Iterable[Message],
        offsets: Mapping[Partition, int] | None = None,
        member: Member | None = None,
    ) -> None:
        """See `port.Producer.write`."""
        from confluent_kafka import KafkaException

        if self._failure is not None:
            raise KafkaTransactionError(f"this producer has ended: {self._failure}")
        committing = False
        try:
            wait_until_closed(self._coordinator, self._written)
            self._written.clear()
            self._producer.begin_transaction()
            for message in messages:
                produce(self._producer, message, self._delivered)
            self._settle()
            if offsets:
                self._send_offsets(offsets, member)
            committing = True
            self._producer.commit_transaction(self._times.delivery)
        except (KafkaException, SystemError) as error:
            # A fatal error that comes while callbacks run is raised as the cause of a SystemError.
            theirs = error.__cause__ if isinstance(error, SystemError) else error
            if not isinstance(theirs, KafkaException):
                raise
            ours = self._causes.failed(theirs.args[0], committing=committing)
            self._give_up(ours, can_abort=not committing)
            raise ours from error
        except BaseException as error:
            known = error if isinstance(error, KafkaError) else KafkaError("its messages failed")
            self._give_up(known, can_abort=True)
            raise

    def close(self) -> None:
        """See `port.Producer.close`."""
        self._failure = self._failure or KafkaError("it was closed")
        self._producer.flush(KAFKA_CLOSE_SECONDS)
        self._coordinator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _delivered(self, error: Any, message: Any) -> None:
        if error is None:
            partition = Partition(message.topic(), message.partition())
            at = message.offset()
            # A record that was sent twice has no offset.
            self._written[partition] = -1 if at < 0 else max(at, self._written.get(partition, 0))
        elif self._first is None:
            self._first = error

    def _settle(self) -> None:
        """See to it that every record was acknowledged; says which error kept one from it."""
        from confluent_kafka import KafkaException

        left = self._producer.flush(self._times.delivery)
        if self._first is not None:
            raise KafkaException(self._first)
        if left:
            raise KafkaTransactionError(f"{left} records were not acknowledged in {self._times.delivery:g} s")

    def _send_offsets(self, offsets: Mapping[Partition, int], member: Member | None) -> None:
        from confluent_kafka import Consumer as Library
        from confluent_kafka import TopicPartition

        if member is None:
            raise KafkaTransactionError("offsets go with the member whose they are")
        wanted = [TopicPartition(*partition, offset) for partition, offset in offsets.items()]
        who = member.handle
        if who is None:
            # The library makes what names a group only from a consumer.
            consumer = Library({"group.id": member.group, "bootstrap.servers": self._causes.servers})
            who = consumer.consumer_group_metadata()
            consumer.close()
        self._producer.send_offsets_to_transaction(wanted, who, self._times.delivery)

    def _give_up(self, error: KafkaError, *, can_abort: bool) -> None:
        self._failure = error
        if can_abort:
            with suppress(Exception):
                self._producer.abort_transaction(KAFKA_CLOSE_SECONDS)
        with suppress(Exception):
            self._coordinator.close()


def produce(producer: Any, message: Message, on_delivery: Callable[[Any, Any], None]) -> None:
    """Hand a message to a `confluent_kafka.Producer`, as soon as there is room for it."""
    named: dict[str, Any] = {
        "key": message.key,
        "headers": list(message.headers),
        "on_delivery": on_delivery,
    }
    if message.partition is not None:
        named["partition"] = message.partition
    if message.timestamp_ms is not None:
        named["timestamp"] = message.timestamp_ms
    while True:
        try:
            producer.produce(message.topic, message.value, **named)
        except BufferError:
            producer.poll(KAFKA_LINGER_SECONDS)
        else:
            producer.poll(0)
            return


def config_of(settings: KafkaSettings, transactional_id: str, causes: Causes) -> dict[str, Any]:
    """What a `confluent_kafka.Producer` is told."""
    times = settings.times
    return {
        **common(settings),
        "error_cb": causes.hear,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": round(times.transaction * 1000),
        "message.timeout.ms": round(times.delivery * 1000),
        "linger.ms": round(KAFKA_LINGER_SECONDS * 1000),
        "message.max.bytes": MAX_KAFKA_REQUEST_BYTES,
        "partitioner": "murmur2_random",
        "log_level": 0,
    }
