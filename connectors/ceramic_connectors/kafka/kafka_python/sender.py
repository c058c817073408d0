"""Writing without transactions, through kafka-python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final, Self

from ceramic_connectors.kafka.errors import KafkaError, KafkaTransactionError
from ceramic_connectors.kafka.kafka_python.causes import connecting, failed
from ceramic_connectors.kafka.kafka_python.producer import config_of, send, settle_sent
from ceramic_connectors.kafka.port import Member, Message, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KAFKA_CLOSE_SECONDS

_OF_TRANSACTIONS: Final = ("transactional_id", "transaction_timeout_ms")


class KafkaPythonSender:
    """See `port.Kafka.sender`."""

    def __init__(self, settings: KafkaSettings) -> None:
        from kafka import KafkaProducer

        self._servers = settings.servers
        self._delivery = settings.times.delivery
        self._failure: KafkaError | None = None
        config = {
            name: value for name, value in config_of(settings, "").items() if name not in _OF_TRANSACTIONS
        }
        with connecting(settings):
            self._producer = KafkaProducer(**config)

    def write(
        self,
        messages: Iterable[Message],
        offsets: Mapping[Partition, int] | None = None,
        member: Member | None = None,
    ) -> None:
        """See `port.Kafka.sender`."""
        from kafka.errors import KafkaError as LibraryError

        if offsets or member:
            raise UsageError("offsets of a group need a producer of transactions")
        if self._failure is not None:
            raise KafkaTransactionError(f"this producer has ended: {self._failure}")
        every = list(messages)
        try:
            # The last one says that all others are there.
            for part in (every[:-1], every[-1:]):
                sent = [send(self._producer, message) for message in part]
                settle_sent(self._producer, sent, self._delivery)
        except BaseException as error:
            known = (
                failed(self._servers, error, committing=True) if isinstance(error, LibraryError) else error
            )
            self._failure = known if isinstance(known, KafkaError) else KafkaError("its messages failed")
            with suppress(Exception):
                self._producer.close(0)
            if known is error:
                raise
            raise known from error

    def close(self) -> None:
        """See `port.Producer.close`."""
        self._failure = self._failure or KafkaError("it was closed")
        self._producer.close(KAFKA_CLOSE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
