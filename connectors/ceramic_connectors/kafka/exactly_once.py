"""Transactions one after the other, whatever dies: nothing about positions is kept in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from ceramic_connectors.kafka.errors import KafkaTransactionError, KafkaUnreachableError
from ceramic_connectors.kafka.port import Member, Message, Partition, Producer
from ceramic_protocol.limits import KAFKA_REBUILD_SECONDS

_Position = TypeVar("_Position")


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction; see `Producer.write`. A position that is a record is one of the messages."""

    messages: Iterable[Message]
    offsets: Mapping[Partition, int] | None = None
    member: Member | None = None


def write_exactly_once(
    build: Callable[[], Producer],
    read_position: Callable[[], _Position],
    batches: Callable[[_Position], Generator[Batch, None, None]],
    on_failure: Callable[[KafkaTransactionError | KafkaUnreachableError], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Write batches until there are none left.

    After a failure the producer is thrown away. A new one under the same id settles what the old one left
    open; only then is the position read, from Kafka, and the batches asked for again from there.

    Args:
        build: opens a producer, always under the same id, and with all partitions that it touches: otherwise
            the position that is read next may be one from before the last commit.
        read_position: how far what was committed has come.
        batches: those that follow a position; each must hold the position behind it.
        on_failure: is told of each failure.
        pause: waits so many seconds between a failure and the next attempt.

    Raises:
        KafkaError: another producer took over, or the broker refuses: trying again would change nothing.
    """
    while True:
        try:
            with build() as producer, closing(batches(read_position())) as found:
                for batch in found:
                    producer.write(batch.messages, batch.offsets, batch.member)
        except (KafkaTransactionError, KafkaUnreachableError) as error:
            on_failure(error)
            pause(KAFKA_REBUILD_SECONDS)
        else:
            return
