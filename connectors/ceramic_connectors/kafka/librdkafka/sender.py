"""Writing without transactions, through confluent-kafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from ceramic_connectors.kafka.errors import KafkaError, KafkaTransactionError
from ceramic_connectors.kafka.librdkafka.causes import Causes
from ceramic_connectors.kafka.librdkafka.producer import config_of, produce
from ceramic_connectors.kafka.port import Member, Message, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KAFKA_CLOSE_SECONDS


class LibrdkafkaSender:
    """See `port.Kafka.sender`."""

    def __init__(self, settings: KafkaSettings) -> None:
        from confluent_kafka import Producer

        self._causes = Causes(settings.servers)
        self._times = settings.times
        self._failure: KafkaError | None = None
        self._first: Any = None
        config = config_of(settings, "", self._causes)
        for name in ("transactional.id", "transaction.timeout.ms"):
            del config[name]
        self._producer = Producer({**config, "enable.idempotence": True})
        self._causes.serve = lambda: self._producer.poll(0)
        with self._causes.asking():
            self._producer.list_topics(timeout=settings.times.connect)

    def write(
        self,
        messages: Iterable[Message],
        offsets: Mapping[Partition, int] | None = None,
        member: Member | None = None,
    ) -> None:
        """See `port.Kafka.sender`."""
        from confluent_kafka import KafkaException

        if offsets or member:
            raise UsageError("offsets of a group need a producer of transactions")
        if self._failure is not None:
            raise KafkaTransactionError(f"this producer has ended: {self._failure}")
        every = list(messages)
        try:
            # The last one says that all others are there.
            for part in (every[:-1], every[-1:]):
                for message in part:
                    produce(self._producer, message, self._delivered)
                self._settle()
        except KafkaException as error:
            self._failure = self._causes.failed(error.args[0], committing=True)
            raise self._failure from error
        except BaseException as error:
            self._failure = error if isinstance(error, KafkaError) else KafkaError("its messages failed")
            raise

    def close(self) -> None:
        """See `port.Producer.close`."""
        self._failure = self._failure or KafkaError("it was closed")
        self._producer.flush(KAFKA_CLOSE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _delivered(self, error: Any, message: Any) -> None:
        del message
        if error is not None and self._first is None:
            self._first = error

    def _settle(self) -> None:
        from confluent_kafka import KafkaException

        left = self._producer.flush(self._times.delivery)
        if self._first is not None:
            raise KafkaException(self._first)
        if left:
            raise KafkaTransactionError(f"{left} records were not acknowledged in {self._times.delivery:g} s")
