"""A broker that is killed as soon as it has answered a commit, and what readers see in the end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

from ceramic_connectors.kafka.errors import KafkaError, KafkaTransactionError
from ceramic_connectors.kafka.exactly_once import Batch, write_exactly_once
from ceramic_connectors.kafka.kafka_python.coordinator import KafkaPythonCoordinator
from ceramic_connectors.kafka.kafka_python.producer import KafkaPythonProducer
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Consumer, Kafka, Member, Message, Partition, Producer, Topic
from ceramic_connectors.kafka.settings import KafkaSettings
from infra.services.broker import Broker
from tests.support.waiting import PATIENCE_SECONDS

TOPICS: Final = 3
PARTITIONS: Final = 2
EACH: Final = 2
"""Records of a transaction in each partition."""

WORST_SECONDS: Final = 0.005
"""How long after the answer to a commit the broker is killed at the latest."""

OPENING_SECONDS: Final = 0.4
"""How long after its beginning an opening is disturbed at the latest."""

_BEFORE_KILL: Final = 2
_STATES_UNDER_WAY: Final = ("PrepareCommit", "PrepareAbort", "PrepareEpochFence")

Open = Callable[[Collection[Partition]], Producer]


class AbortedOnPurposeError(KafkaTransactionError):
    """A source that fails while its transaction is open."""

    def __init__(self) -> None:
        super().__init__("aborted on purpose")


@dataclass
class Kills:
    """What happened, and what readers see.

    Attributes:
        name: of the producer; its topics begin with it.
        kills: how often the broker was killed behind a commit.
        opening_kills: how often while a producer was opened after that.
        looked: how often it was looked what the broker made of the transaction.
        hung: how often, of these, a committed transaction was left open in a partition.
        partitions: how many partitions that were.
        missing: records that nobody can read.
        doubled: records that are there more than once, or in another order.
        written: records that should be there.
        unstable: partitions whose last stable offset is before their end in the end.
        failures: what the loop met.
    """

    name: str
    kills: int = 0
    opening_kills: int = 0
    looked: int = 0
    hung: int = 0
    partitions: int = 0
    missing: int = 0
    doubled: int = 0
    written: int = 0
    unstable: int = 0
    failures: list[KafkaError] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Whether everything is there once, in order, and can be read."""
        return not (self.missing or self.doubled or self.unstable)

    @property
    def closing_line(self) -> str:
        """Figures in words."""
        within = f"within {WORST_SECONDS * 1000:g} ms of a commit"
        return (
            f"{self.kills} kills {within} and {self.opening_kills} while a producer was opened;"
            f" {self.hung} of {self.looked} left a transaction open, in {self.partitions} partitions;"
            f" of {self.written} records {self.missing} missing, {self.doubled} doubled,"
            f" {self.unstable} partitions unreadable at their end"
        )


class Unrepaired(KafkaPythonProducer):
    """A producer as it was before: it settles nothing, and goes on whatever became of its markers."""

    def write(self, messages: object, offsets: object = None, member: object = None) -> None:
        self._written.clear()
        super().write(messages, offsets, member)  # type: ignore[arg-type]


def kill_behind_commits(
    broker: Broker,
    library: Library,
    name: str,
    kills: int,
    *,
    aborts: bool,
    reopens: bool,
    hurts_opening: bool = False,
    is_repaired: bool = True,
    seed: int = 1,
) -> Kills:
    """Write to topics of that name through a library, and kill the broker so many times; see `Campaign.run`.

    Args:
        broker: a test's own.
        library: behind the port.
        name: of the producer, new to this broker.
        kills: how often.
        aborts: whether the transaction after a kill fails on purpose.
        reopens: whether the producer dies with the broker.
        hurts_opening: whether the broker is killed again while the next producer is opened.
        is_repaired: False for a producer of kafka-python that settles nothing.
        seed: decides the moments.
    """
    settings = KafkaSettings(broker.addresses.plain)
    kafka = open_kafka(settings, library)

    def opened(touches: Collection[Partition]) -> Producer:
        return kafka.producer(name, touches) if is_repaired else Unrepaired(settings, name)

    campaign = Campaign(broker, kafka, settings, name, seed)
    return campaign.run(kills, opened, aborts=aborts, reopens=reopens, hurts_opening=hurts_opening)


class Campaign:
    """One source, its topics and the broker that it hurts."""

    def __init__(self, broker: Broker, kafka: Kafka, settings: KafkaSettings, name: str, seed: int) -> None:
        self.result = Kills(name)
        self._broker = broker
        self._kafka = kafka
        self._settings = settings
        self._random = random.Random(seed)
        self.positions = Partition(f"{name}.positions", 0)
        topics = [f"{name}.{number}" for number in range(TOPICS)]
        self.data = [Partition(topic, number) for topic in topics for number in range(PARTITIONS)]
        with kafka.admin() as admin:
            admin.create(
                [
                    *(Topic(topic, PARTITIONS) for topic in topics),
                    Topic(self.positions.topic, settings={"cleanup.policy": "compact"}),
                ]
            )

    @property
    def touches(self) -> list[Partition]:
        """All that it writes to."""
        return [*self.data, self.positions]

    def run(
        self, kills: int, opened: Open, *, aborts: bool, reopens: bool, hurts_opening: bool = False
    ) -> Kills:
        """Write, and kill the broker so many times.

        Args:
            kills: how often.
            opened: opens the producer.
            aborts: whether the transaction after a kill fails on purpose.
            reopens: whether the producer is lost with each kill, as it would be if it died too.
            hurts_opening: whether the broker is killed again while the next producer is opened.
        """
        batches = kills * _BEFORE_KILL + 1
        deadly = {(kill + 1) * _BEFORE_KILL - 1 for kill in range(kills)}
        failing = {number + 1 for number in deadly} if aborts else set()

        def after(number: int) -> None:
            self._after(number, deadly, reopens=reopens)

        write_exactly_once(
            lambda: _Deadly(self._opened(opened, hurts=hurts_opening), after),
            self.position,
            lambda position: self._batches(position, batches, failing),
            self.result.failures.append,
            pause=lambda _: None,
        )
        opened(self.touches).close()
        return self._read(batches)

    def position(self) -> int:
        """How far the committed transactions have come, as a reader sees it."""
        found = 0
        with self._kafka.consumer() as consumer:
            consumer.assign({self.positions: None})
            end = consumer.ends([self.positions])[self.positions]
            while consumer.position(self.positions) < end:
                for record in consumer.poll(0.1):
                    found = int(record.value or b"")
        return found

    def _opened(self, opened: Open, *, hurts: bool) -> Producer:
        if not hurts or self.result.opening_kills >= self.result.kills:
            return opened(self.touches)
        self.result.opening_kills += 1
        killing = threading.Timer(OPENING_SECONDS * self._random.random(), self._bounce)
        killing.start()
        try:
            return opened(self.touches)
        finally:
            killing.join()

    def _bounce(self) -> None:
        self._broker.kill()
        self._broker.start()

    def _batches(self, position: int, count: int, failing: set[int]) -> Generator[Batch, None, None]:
        for number in range(position, count):
            yield Batch(self._messages(number, failing))

    def _messages(self, number: int, failing: set[int]) -> Iterator[Message]:
        for topic, partition in self.data:
            for each in range(EACH):
                yield Message(topic, b"%d" % (number * EACH + each), partition=partition)
        yield Message(self.positions.topic, b"%d" % (number + 1), b"position", partition=0)
        if number in failing:
            failing.remove(number)
            time.sleep(0.2)  # its records reach the broker
            raise AbortedOnPurposeError

    def _after(self, position: int, deadly: set[int], *, reopens: bool) -> None:
        """Kill the broker behind the commit of a transaction, if it is time to."""
        if position not in deadly:
            return
        deadly.remove(position)
        time.sleep(WORST_SECONDS * self._random.random() ** 2)  # most markers are written in the first
        self._bounce()
        self.result.kills += 1
        if self.result.kills % 2:  # the other half is left to meet a broker that has just come back
            self._count_hanging()
        if reopens:
            raise KafkaTransactionError("the producer died too", may_be_committed=True)

    def _count_hanging(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        with KafkaPythonCoordinator(self._settings, self.result.name) as coordinator:
            while time.monotonic() < until:
                with suppress(KafkaError):
                    found = coordinator.described()
                    assert found is not None
                    if found.state not in _STATES_UNDER_WAY:
                        hanging = coordinator.open_in(self.touches, found.producer_id)
                        self.result.looked += 1
                        self.result.hung += bool(hanging)
                        self.result.partitions += len(hanging)
                        return
                time.sleep(0.1)
        raise AssertionError("the broker didn't say what became of the transaction")

    def _read(self, batches: int) -> Kills:
        expected = list(range(batches * EACH))
        with self._kafka.consumer() as consumer:
            found = read_numbers(consumer, self.data)
            ends, tops = consumer.ends(self.touches), consumer.written_ends(self.touches)
        for numbers in found.values():
            self.result.written += len(expected)
            self.result.missing += len(set(expected) - set(numbers))
            in_order = sorted(set(numbers))
            self.result.doubled += max(len(numbers) - len(in_order), int(numbers != in_order))
        self.result.unstable = sum(ends[each] != tops[each] for each in self.touches)
        return self.result


def read_numbers(consumer: Consumer, partitions: Collection[Partition]) -> Mapping[Partition, list[int]]:
    """The values of what can be read, as numbers, by partition."""
    found: dict[Partition, list[int]] = {partition: [] for partition in partitions}
    consumer.assign(dict.fromkeys(partitions))
    ends = consumer.ends(partitions)
    until = time.monotonic() + PATIENCE_SECONDS
    while any(consumer.position(each) < end for each, end in ends.items()):
        assert time.monotonic() < until
        for record in consumer.poll(0.1):
            found[record.partition].append(int(record.value or b""))
    return found


class _Deadly:
    """A producer that tells of each of its commits at once."""

    def __init__(self, producer: Producer, after: Callable[[int], None]) -> None:
        self._producer = producer
        self._after = after

    def write(
        self,
        messages: Iterable[Message],
        offsets: Mapping[Partition, int] | None = None,
        member: Member | None = None,
    ) -> None:
        last = [b"0"]

        def seen() -> Iterator[Message]:
            for message in messages:
                last[0] = message.value or b""
                yield message

        self._producer.write(seen(), offsets, member)
        self._after(int(last[0]) - 1)

    def close(self) -> None:
        self._producer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
