"""Transactions through kafka-python, with what its producer needs to lose nothing (kafka.md 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self

from ceramic_connectors.kafka.errors import KafkaError, KafkaTransactionError
from ceramic_connectors.kafka.kafka_python.causes import connecting, failed
from ceramic_connectors.kafka.kafka_python.config import common
from ceramic_connectors.kafka.kafka_python.guards import GUARDS, Guard
from ceramic_connectors.kafka.port import Member, Message, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
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
        self, settings: KafkaSettings, transactional_id: str, guards: Sequence[Guard] = GUARDS
    ) -> None:
        from kafka import KafkaProducer

        self._servers = settings.servers
        self._delivery = settings.times.delivery
        self._failure: KafkaError | None = None
        with connecting(settings):
            self._producer = KafkaProducer(**_config(settings, transactional_id))
            try:
                for guard in guards:
                    guard(self._producer)
                self._producer.init_transactions()
            except BaseException:
                self._producer.close(0)
                raise

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
            self._producer.begin_transaction()
            self._settle([self._send(message) for message in messages])
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _send(self, message: Message) -> Any:
        return self._producer.send(
            message.topic,
            message.value,
            key=message.key,
            headers=list(message.headers),
            partition=message.partition,
            timestamp_ms=message.timestamp_ms,
        )

    def _settle(self, sent: Sequence[Any]) -> None:
        """See to it that every record was acknowledged: the library commits without those that weren't."""
        self._producer.flush(self._delivery + _SLACK_SECONDS)
        for future in sent:
            if not future.succeeded():
                raise future.exception or KafkaTransactionError("a record was not acknowledged")

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


def _config(settings: KafkaSettings, transactional_id: str) -> dict[str, Any]:
    times = settings.times
    return {
        **common(settings),
        "metrics_enabled": False,
        "transactional_id": transactional_id,
        "transaction_timeout_ms": round(times.transaction * 1000),
        "delivery_timeout_ms": round(times.delivery * 1000),
        "max_block_ms": round(times.delivery * 1000),
        "linger_ms": round(KAFKA_LINGER_SECONDS * 1000),
        "batch_size": KAFKA_BATCH_BYTES,
        "max_request_size": MAX_KAFKA_REQUEST_BYTES,
        "allow_auto_create_topics": False,
    }
