"""Transactions through kafka-python, with what its producer needs to lose nothing (kafka.md 3.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Final, Self

from ceramic_connectors.kafka.errors import KafkaError, KafkaTransactionError
from ceramic_connectors.kafka.kafka_python.causes import connecting, failed
from ceramic_connectors.kafka.kafka_python.config import common
from ceramic_connectors.kafka.kafka_python.coordinator import KafkaPythonCoordinator
from ceramic_connectors.kafka.kafka_python.guards import GUARDS, Guard
from ceramic_connectors.kafka.kafka_python.partitioning import partitioner
from ceramic_connectors.kafka.port import Member, Message, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_connectors.kafka.settling import settle, wait_until_closed
from ceramic_protocol.limits import (
    KAFKA_BATCH_BYTES,
    KAFKA_CLOSE_SECONDS,
    KAFKA_LINGER_SECONDS,
    MAX_KAFKA_REQUEST_BYTES,
)

_SLACK_SECONDS: Final = 1.0
"""What the library needs beyond the time after which it gives up records."""


class KafkaPythonProducer:
    """See `port.Producer`."""

    def __init__(
        self,
        settings: KafkaSettings,
        transactional_id: str,
        touches: Collection[Partition] = (),
        guards: Sequence[Guard] = GUARDS,
    ) -> None:
        self._servers = settings.servers
        self._delivery = settings.times.delivery
        self._failure: KafkaError | None = None
        self._written: dict[Partition, int] = {}
        with ExitStack() as stack:
            self._coordinator = stack.enter_context(KafkaPythonCoordinator(settings, transactional_id))
            settle(self._coordinator, touches)
            self._producer = _fencing(settings, transactional_id, guards)
            stack.callback(self._producer.close, 0)
            settle(self._coordinator, touches)
            stack.pop_all()

    def write(
        self,
        messages: Iterable[Message],
        offsets: Mapping[Partition, int] | None = None,
        member: Member | None = None,
    ) -> None:
        """See `port.Producer.write`."""
        if self._failure is not None:
            raise KafkaTransactionError(f"this producer has ended: {self._failure}")
        committing = False
        try:
            wait_until_closed(self._coordinator, self._written)
            self._producer.begin_transaction()
            sent = list(map(self._send, messages))
            self._settle(sent)
            self._written = _last_offsets(sent)
            if offsets:
                self._send_offsets(offsets, member)
            committing = True
            self._finish(self._producer._transaction_manager.begin_commit)  # noqa: SLF001
        except BaseException as error:
            # What this producer remembers may be wrong: only a new one knows (kafka.md 3.3, 4).
            ours = self._failed(error, committing=committing)
            self._give_up(ours, can_abort=not committing)
            if ours is error:
                raise
            raise ours from error

    def close(self) -> None:
        """See `port.Producer.close`."""
        self._failure = self._failure or KafkaError("it was closed")
        self._producer.close(KAFKA_CLOSE_SECONDS)
        self._coordinator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _send(self, message: Message) -> Any:
        return send(self._producer, message)

    def _settle(self, sent: Sequence[Any]) -> None:
        """See to it that every record was acknowledged: the library commits without those that weren't."""
        settle_sent(self._producer, sent, self._delivery)

    def _send_offsets(self, offsets: Mapping[Partition, int], member: Member | None) -> None:
        from kafka.structs import OffsetAndMetadata, TopicPartition

        if member is None:
            raise KafkaTransactionError("offsets go with the member whose they are")
        wanted = {
            TopicPartition(*partition): OffsetAndMetadata(at, "", -1) for partition, at in offsets.items()
        }
        manager = self._producer._transaction_manager  # noqa: SLF001
        who = member.handle or member.group
        self._finish(lambda: manager.send_offsets_to_transaction(wanted, who))

    def _finish(self, begin: Any) -> None:
        """Wait for the end of a step, but not for ever as the library's own methods do."""
        from kafka.errors import KafkaTimeoutError

        result = begin()
        self._producer._sender.wakeup()  # noqa: SLF001
        if not result.wait(timeout_ms=self._delivery * 1000):
            raise KafkaTimeoutError(f"no answer within {self._delivery:g} s")

    def _failed(self, error: BaseException, *, committing: bool) -> BaseException:
        from kafka.errors import KafkaError as LibraryError

        if isinstance(error, LibraryError):
            last = self._producer._transaction_manager.last_error  # noqa: SLF001
            # Once it is in an error state the library only says that it is.
            return failed(self._servers, last or error, committing=committing)
        return error

    def _give_up(self, error: BaseException, *, can_abort: bool) -> None:
        self._failure = error if isinstance(error, KafkaError) else KafkaError("its messages failed")
        if can_abort:
            # The broker would abort it in the end; readers wait for that.
            with suppress(Exception):
                self._finish(self._producer._transaction_manager.begin_abort)  # noqa: SLF001
        with suppress(Exception):
            self._producer.close(KAFKA_CLOSE_SECONDS if can_abort else 0)
        with suppress(Exception):
            self._coordinator.close()


def send(producer: Any, message: Message) -> Any:
    """Hand a message to a `kafka.KafkaProducer`; its future."""
    return producer.send(
        message.topic,
        message.value,
        key=message.key,
        headers=list(message.headers),
        partition=message.partition,
        timestamp_ms=message.timestamp_ms,
    )


def _fencing(settings: KafkaSettings, transactional_id: str, guards: Sequence[Guard]) -> Any:
    from kafka import KafkaProducer

    with connecting(settings):
        producer = KafkaProducer(**config_of(settings, transactional_id))
        try:
            for guard in guards:
                guard(producer)
            producer.init_transactions()
        except BaseException:
            producer.close(0)
            raise
    return producer


def _last_offsets(sent: Iterable[Any]) -> dict[Partition, int]:
    """Of those that were acknowledged, in the order in which they were sent; -1 for one sent twice."""
    all_written = (each.value for each in sent if each.value is not None)
    found = {(written.topic, written.partition): written.offset for written in all_written}
    return {Partition(*partition): offset for partition, offset in found.items()}


def settle_sent(producer: Any, sent: Sequence[Any], seconds: float) -> None:
    """Wait until all that was sent is acknowledged.

    Raises:
        kafka.errors.KafkaError: what kept a record from it.
        KafkaTransactionError: it wasn't in all that time.
    """
    producer.flush(seconds + _SLACK_SECONDS)
    for future in sent:
        if not future.succeeded():
            raise future.exception or KafkaTransactionError("a record was not acknowledged")


def config_of(settings: KafkaSettings, transactional_id: str) -> dict[str, Any]:
    """What a `kafka.KafkaProducer` is told."""
    times = settings.times
    return {
        **common(settings),
        "metrics_enabled": False,
        "partitioner": partitioner(),
        "transactional_id": transactional_id,
        "transaction_timeout_ms": round(times.transaction * 1000),
        "delivery_timeout_ms": round(times.delivery * 1000),
        "max_block_ms": round(times.delivery * 1000),
        "linger_ms": round(KAFKA_LINGER_SECONDS * 1000),
        "batch_size": KAFKA_BATCH_BYTES,
        "max_request_size": MAX_KAFKA_REQUEST_BYTES,
        "allow_auto_create_topics": False,
    }
