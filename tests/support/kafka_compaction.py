"""A compacted topic, written in transactions, before and after the broker's cleaner has been through it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ceramic_connectors.kafka.port import Kafka, Message, Partition, Producer, Received, Topic
from tests.support.waiting import PATIENCE_SECONDS

SETTINGS: Final = {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1000",
    "delete.retention.ms": "1000",
}
"""The cleaner comes within seconds, and takes tombstones away a second after it has met them."""

KEYS: Final = 40
ROUNDS: Final = 10
DELETED: Final = 10
"""Keys that get a tombstone in the end."""

TICK: Final = b"tick"
"""A key that is written on and on: only what isn't in the newest segment is cleaned."""

_TICK_SECONDS: Final = 0.5


@dataclass
class Compacted:
    """What became of it.

    Attributes:
        written: records, with tombstones, but without those that make the cleaner come.
        readable: of these, what can be read in the end.
        tombstones: of these, those without a value.
        states: keys that are there, each with its last value.
        wrong: keys that have another state than was written last, or lack one, or shouldn't have one.
        seconds: what it took the cleaner.
    """

    written: int
    readable: int
    tombstones: int
    states: int
    wrong: int
    seconds: float

    @property
    def closing_line(self) -> str:
        """Figures in words."""
        return (
            f"{self.written} records of a compacted topic, {self.readable} left after {self.seconds:.0f} s"
            f" with {self.tombstones} tombstones: {self.states} states, {self.wrong} of them wrong"
        )


class AbortedError(Exception):
    """Ends a transaction that must leave nothing behind."""


def compact(kafka: Kafka, name: str, seconds: float = 3 * PATIENCE_SECONDS) -> Compacted:
    """Write states and changes of them, delete some, and wait until the cleaner has left the last of each.

    Args:
        kafka: a client of the broker.
        name: of the topic, and of the producer.
        seconds: how long the cleaner may take.

    Raises:
        AssertionError: the cleaner doesn't come, or leaves tombstones.
    """
    partition = Partition(name, 0)
    with kafka.admin() as admin:
        admin.create([Topic(name, settings=SETTINGS)])
    began = time.monotonic()
    with suppress(AbortedError), kafka.producer(name, [partition]) as producer:
        producer.write(_aborted(name))
    with kafka.producer(name, [partition]) as producer:
        expected, written = _write(producer, name)
        left = _tick_until(
            kafka, producer, partition, lambda records: len(records) <= len(expected), began + seconds
        )
    found = {record.key: record.value for record in left}
    wrong = found.keys() ^ expected.keys() | {key for key in expected if found.get(key) != expected[key]}
    tombstones = sum(record.value is None for record in left)
    return Compacted(written, len(left), tombstones, len(found), len(wrong), time.monotonic() - began)


def _aborted(name: str) -> Iterator[Message]:
    """Never seen, although nothing follows on some of its keys."""
    for key in range(2 * KEYS):
        yield Message(name, b"aborted", b"key%d" % key)
    time.sleep(_TICK_SECONDS)
    raise AbortedError


def _write(producer: Producer, name: str) -> tuple[dict[bytes | None, bytes | None], int]:
    """The states, without those that were deleted, and the number of records."""
    for number in range(ROUNDS):
        producer.write(Message(name, b"state %d" % number, b"key%d" % key) for key in range(KEYS))
    producer.write(Message(name, None, b"key%d" % key) for key in range(DELETED))
    states: dict[bytes | None, bytes | None] = {
        b"key%d" % key: b"state %d" % (ROUNDS - 1) for key in range(DELETED, KEYS)
    }
    return states, KEYS * ROUNDS + DELETED


def _tick_until(
    kafka: Kafka,
    producer: Producer,
    partition: Partition,
    condition: Callable[[list[Received]], bool],
    until: float,
) -> list[Received]:
    while True:
        producer.write([Message(partition.topic, b"%d" % time.monotonic_ns(), TICK)])
        records = [record for record in read_all(kafka, partition) if record.key != TICK]
        if condition(records):
            return records
        assert time.monotonic() < until, f"{len(records)} records are left"
        time.sleep(_TICK_SECONDS)


def read_all(kafka: Kafka, partition: Partition) -> list[Received]:
    """What can be read of a partition, from its beginning."""
    found = []
    with kafka.consumer() as consumer:
        consumer.assign({partition: None})
        end = consumer.ends([partition])[partition]
        until = time.monotonic() + PATIENCE_SECONDS
        while consumer.position(partition) < end:
            assert time.monotonic() < until
            found += consumer.poll(0.1)
    return found
