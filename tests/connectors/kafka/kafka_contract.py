"""What every library behind the port to Kafka promises, against a real broker."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from threading import Event

import pytest

from ceramic_connectors.kafka.errors import (
    KafkaError,
    KafkaFencedError,
    KafkaRefusedError,
    KafkaTransactionError,
)
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import (
    Consumer,
    Kafka,
    Member,
    Message,
    Partition,
    Producer,
    Received,
    Topic,
)
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol.errors import UsageError
from infra.services.broker import BrokerAddresses
from tests.support.services import shared_broker
from tests.support.waiting import PATIENCE_SECONDS, wait_until

REACHES_BROKER_SECONDS = 0.5
"""How long a record of an open transaction may take on its way."""

_NUMBERS = count()


def read_all(kafka: Kafka, name: str, count: int = 1) -> list[Received]:
    """What was written to the first partitions of a topic by the producer of the same name."""
    # A commit is certain before its markers are in the partitions; a new producer waits for them.
    kafka.producer(name).close()
    partitions = [Partition(name, number) for number in range(count)]
    with kafka.consumer() as consumer:
        consumer.assign(dict.fromkeys(partitions))
        return read_on(consumer, partitions)


def read_on(consumer: Consumer, partitions: list[Partition]) -> list[Received]:
    """What can be read from where it stands."""
    ends = consumer.ends(partitions)
    found: list[Received] = []
    until = time.monotonic() + PATIENCE_SECONDS
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        assert time.monotonic() < until
        found += consumer.poll(0.1)
    return found


def values(records: list[Received]) -> list[bytes | None]:
    return [record.value for record in records]


def overlap(
    old: Producer, build: Callable[[], Producer], topic: str
) -> tuple[BaseException | None, BaseException | None]:
    """What an old producer and its successor raise if the old one goes on while both are writing."""
    is_new_under_way, is_old_over = Event(), Event()

    def of_new() -> Iterator[Message]:
        yield Message(topic, b"new")
        time.sleep(REACHES_BROKER_SECONDS)
        is_new_under_way.set()
        is_old_over.wait(PATIENCE_SECONDS)
        yield Message(topic, b"newer")

    def of_old() -> Iterator[Message]:
        yield Message(topic, b"old")
        time.sleep(REACHES_BROKER_SECONDS)
        writing.append(threads.submit(new.write, of_new()))
        is_new_under_way.wait(PATIENCE_SECONDS)
        yield Message(topic, b"older")

    writing: list[Future[None]] = []
    with ThreadPoolExecutor(1) as threads, old, ExitStack() as stack:
        raised = None
        try:
            # The successor comes while the old one's transaction is open.
            new = _Late(stack, build)
            old.write(of_old())
        except KafkaError as error:
            raised = error
        finally:
            is_old_over.set()
        return raised, writing[0].exception(PATIENCE_SECONDS)


class _Late:
    """A producer that is opened by whoever writes with it."""

    def __init__(self, stack: ExitStack, build: Callable[[], Producer]) -> None:
        self._stack = stack
        self._build = build

    def write(self, messages: Iterator[Message]) -> None:
        self._stack.enter_context(self._build()).write(messages)


class BadSourceError(Exception):
    """Of a source of messages."""


class KafkaContract(ABC):
    """The suite; a class that names a library inherits it."""

    @abstractmethod
    def opened(self, settings: KafkaSettings) -> Kafka:
        """A client."""

    @pytest.fixture
    def broker(self) -> BrokerAddresses:
        return shared_broker()

    @pytest.fixture
    def kafka(self, broker: BrokerAddresses) -> Kafka:
        return self.opened(KafkaSettings(broker.plain))

    @pytest.fixture
    def name(self) -> str:
        """A name that no other test has."""
        return f"{type(self).__name__}.{os.getpid()}.{next(_NUMBERS)}"

    @pytest.fixture
    def topic(self, kafka: Kafka, name: str) -> str:
        """A topic with one partition."""
        with kafka.admin() as admin:
            assert admin.create([Topic(name)]) == {name}
        return name

    @pytest.fixture
    def reader(self, kafka: Kafka) -> Iterator[Consumer]:
        with kafka.consumer() as consumer:
            yield consumer

    def test_a_transaction(self, kafka: Kafka, topic: str) -> None:
        headers = (("a", b"1"), ("b", b""), ("a", b"2"))
        with kafka.producer(topic) as producer:
            producer.write(
                [Message(topic, b"one", b"k", headers, 0, 1_700_000_000_123), Message(topic, None, b"k")]
            )
            producer.write([Message(topic, b"three")])
        partition = Partition(topic, 0)
        first, second, third = read_all(kafka, topic)
        assert first == Received(partition, 0, b"k", b"one", headers, 1_700_000_000_123)
        assert (second.offset, second.key, second.value, second.headers) == (1, b"k", None, ())
        assert (third.offset, third.key, third.value) == (3, None, b"three")
        assert abs(third.timestamp_ms - time.time() * 1000) < 1000 * PATIENCE_SECONDS

    def test_nothing_and_many(self, kafka: Kafka, topic: str) -> None:
        with kafka.producer(topic) as producer:
            producer.write([])
            producer.write(Message(topic, b"%d" % number) for number in range(3000))
        assert values(read_all(kafka, topic)) == [b"%d" % number for number in range(3000)]

    def test_keys_choose_the_same_partitions_in_every_library(self, kafka: Kafka, name: str) -> None:
        with kafka.admin() as admin:
            admin.create([Topic(name, 5)])
        keys = [b"k2t6wy%d" % number for number in range(20)]
        with kafka.producer(name) as producer:
            producer.write(Message(name, key, key) for key in keys)
        found = read_all(kafka, name, 5)
        chosen = {record.key: record.partition.number for record in found}
        assert [chosen[key] for key in keys] == MURMUR2

    def test_what_fails_in_between_is_never_seen(self, kafka: Kafka, topic: str) -> None:
        def messages() -> Iterator[Message]:
            yield Message(topic, b"lost")
            raise BadSourceError

        with kafka.producer(topic) as producer:
            producer.write([Message(topic, b"before")])
            with pytest.raises(BadSourceError):
                producer.write(messages())
            with pytest.raises(KafkaTransactionError, match="has ended"):
                producer.write([Message(topic, b"too late")])
        with kafka.producer(topic) as producer:
            producer.write([Message(topic, b"after")])
        assert values(read_all(kafka, topic)) == [b"before", b"after"]

    def test_an_open_transaction_holds_up_readers(self, kafka: Kafka, topic: str, reader: Consumer) -> None:
        partition = Partition(topic, 0)
        seen = []

        def messages() -> Iterator[Message]:
            yield Message(topic, b"one")
            time.sleep(0.5)
            seen.append((reader.ends([partition])[partition], reader.written_ends([partition])[partition]))
            yield Message(topic, b"two")

        with kafka.producer(topic) as producer:
            producer.write(messages())
        assert seen == [(0, 1)]
        assert values(read_all(kafka, topic)) == [b"one", b"two"]

    def test_a_new_producer_fences_the_old_one(self, kafka: Kafka, topic: str) -> None:
        with kafka.producer(topic) as old, kafka.producer(topic) as new:
            new.write([Message(topic, b"new")])
            with pytest.raises(KafkaFencedError) as raised:
                old.write([Message(topic, b"old")])
            assert raised.value.code == "kafka_fenced"
            new.write([Message(topic, b"newer")])
        assert values(read_all(kafka, topic)) == [b"new", b"newer"]

    def test_a_fenced_producer_leaves_its_successor_alone(self, kafka: Kafka, topic: str) -> None:
        of_old, of_new = overlap(kafka.producer(topic), lambda: kafka.producer(topic), topic)
        assert isinstance(of_old, KafkaFencedError)
        assert of_new is None
        assert values(read_all(kafka, topic)) == [b"new", b"newer"]

    def test_without_transactions_the_last_message_follows_all_others(
        self, kafka: Kafka, topic: str, reader: Consumer
    ) -> None:
        partition = Partition(topic, 0)
        with kafka.sender() as sender:
            sender.write([Message(topic, b"%d" % number, b"key") for number in range(20)])
            sender.write([])
            reader.assign({partition: None})
            found = read_on(reader, [partition])
            with pytest.raises(UsageError):
                sender.write([Message(topic, b"no")], {partition: 1}, Member("a-group"))
        assert values(found) == [b"%d" % number for number in range(20)]
        # Nothing but the records, no markers of transactions.
        assert [each.offset for each in found] == list(range(20))
        with pytest.raises(KafkaTransactionError):
            sender.write([Message(topic, b"no")])

    def test_without_transactions_a_refused_message_keeps_the_last_one_back(
        self, kafka: Kafka, topic: str, reader: Consumer
    ) -> None:
        partition = Partition(topic, 0)
        with kafka.sender() as sender, pytest.raises(KafkaError):
            sender.write([Message(topic, bytes(2_000_000)), Message(topic, b"last")])
        reader.assign({partition: None})
        assert b"last" not in values(read_on(reader, [partition]))

    def test_names_of_topics(self, kafka: Kafka, topic: str) -> None:
        with kafka.admin() as admin:
            assert topic in admin.names()
            assert not any(name.startswith("__consumer") for name in admin.names())

    def test_offsets_go_with_the_transaction(self, kafka: Kafka, topic: str, name: str) -> None:
        partition = Partition(topic, 0)
        me = Member(name)
        with kafka.consumer(name) as consumer, kafka.producer(topic) as producer:
            assert consumer.committed([partition]) == {}
            producer.write([Message(topic, b"one")], {partition: 7}, me)
            assert consumer.committed([partition]) == {partition: 7}
            producer.write([], {partition: 9}, me)
            assert consumer.committed([partition]) == {partition: 9}
            consumer.commit({partition: 3})
            assert consumer.committed([partition]) == {partition: 3}

            def messages() -> Iterator[Message]:
                yield Message(topic, b"two")
                raise BadSourceError

            with pytest.raises(BadSourceError):
                producer.write(messages(), {partition: 11}, me)
            assert consumer.committed([partition]) == {partition: 3}

    def test_a_member_of_a_group(self, kafka: Kafka, topic: str, name: str) -> None:
        partition = Partition(topic, 0)
        with kafka.producer(topic) as producer:
            producer.write([Message(topic, b"one"), Message(topic, b"two")])
            with kafka.consumer(name) as consumer:
                consumer.subscribe([topic])
                found: list[Received] = []
                until = time.monotonic() + PATIENCE_SECONDS
                while len(found) < 2 and time.monotonic() < until:
                    found += consumer.poll(0.5)
                assert values(found) == [b"one", b"two"]
                position = consumer.position(partition)
                assert position >= 2
                producer.write([], {partition: position}, consumer.member())
                assert consumer.committed([partition]) == {partition: position}

    def test_from_a_position(self, kafka: Kafka, topic: str, reader: Consumer) -> None:
        partition = Partition(topic, 0)
        with kafka.producer(topic) as producer:
            producer.write(Message(topic, b"%d" % number) for number in range(10))
        kafka.producer(topic).close()
        reader.assign({partition: 6})
        assert reader.position(partition) == 6
        assert values(read_on(reader, [partition])) == [b"6", b"7", b"8", b"9"]
        assert reader.position(partition) == 11
        assert reader.begins([partition]) == {partition: 0}

    def test_ends_of_what_was_never_read(self, kafka: Kafka, topic: str, name: str, reader: Consumer) -> None:
        with kafka.admin() as admin:
            admin.create([Topic(f"{name}.more")])
        both = [Partition(topic, 0), Partition(f"{name}.more", 0)]
        reader.assign({both[0]: None})
        reader.poll(0.1)
        assert reader.begins(both) == reader.ends(both) == reader.written_ends(both) == dict.fromkeys(both, 0)

    def test_offsets_of_times(self, kafka: Kafka, name: str, reader: Consumer) -> None:
        # Kept for ever: a broker removes messages of 1970 at once, until a commit adds a later time.
        topic, kept = name, {"retention.ms": "-1"}
        with kafka.admin() as admin:
            admin.create([Topic(topic, settings=kept), Topic(f"{name}.more", settings=kept)])
        with kafka.producer(name) as producer:
            producer.write([Message(topic, b"x", timestamp_ms=at) for at in (1_000, 2_000, 3_000)])
        kafka.producer(name, [Partition(topic, 0)]).close()
        both = [Partition(topic, 0), Partition(f"{name}.more", 0)]
        # What was committed can be read when the broker has marked it, a moment later.
        until = time.monotonic() + PATIENCE_SECONDS
        while not reader.offsets_at(both, 3_001) and time.monotonic() < until:
            time.sleep(0.05)
        for at, offset in [(0, 0), (1_000, 0), (1_001, 1), (3_000, 2)]:
            assert reader.offsets_at(both, at) == {both[0]: offset}
        assert reader.offsets_at(both, 3_001) == {both[0]: 3}  # the marker of the commit
        assert reader.offsets_at(both, 1 << 45) == {}

    def test_without_a_group(self, reader: Consumer) -> None:
        for ask in (
            lambda: reader.subscribe(["t"]),
            lambda: reader.committed([Partition("t", 0)]),
            lambda: reader.commit({Partition("t", 0): 1}),
            reader.member,
        ):
            with pytest.raises(UsageError, match="without a group"):
                ask()

    def test_topics(self, kafka: Kafka, name: str) -> None:
        wanted = Topic(name, 3, 1, {"cleanup.policy": "compact", "max.message.bytes": "4000000"})
        with kafka.admin() as admin:
            assert admin.describe([name]) == {}
            assert admin.create([wanted]) == {name}
            assert admin.create([wanted, Topic(f"{name}.more")]) == {f"{name}.more"}
            assert admin.describe([name, "nothing"]) == {name: wanted}
            admin.alter(name, {"cleanup.policy": "delete", "retention.ms": "1000"})
            changed = admin.describe([name])[name].settings
            assert (changed.get("cleanup.policy", "delete"), changed["retention.ms"]) == ("delete", "1000")
            assert changed["max.message.bytes"] == "4000000"
            admin.delete([name, "nothing"])
            assert admin.describe([name]) == {}

    def test_a_topic_that_is_made_anew_has_another_id(self, kafka: Kafka, name: str) -> None:
        ids = []
        for _ in range(2):
            with kafka.admin() as admin:
                admin.create([Topic(name)])
                ids.append(admin.describe([name])[name].id)
                admin.delete([name])
                wait_until(lambda: name not in admin.names())
        assert all(ids)
        assert ids[0] != ids[1]

    def test_a_cluster_has_one_id_for_every_library(self, kafka: Kafka) -> None:
        servers = KafkaSettings(shared_broker().plain)
        found = []
        for each in (kafka, *(open_kafka(servers, library) for library in Library)):
            with each.admin() as admin:
                found.append(admin.cluster_id())
        assert found[0]
        assert len(set(found)) == 1

    def test_settings_that_are_none(self, kafka: Kafka, topic: str) -> None:
        with kafka.admin() as admin:
            with pytest.raises(KafkaRefusedError):
                admin.create([Topic(f"{topic}.odd", 1, -1, {"cleanup.policy": "burn"})])
            with pytest.raises(KafkaRefusedError):
                admin.alter(topic, {"no.such.setting": "1"})

    def test_records_are_deleted(self, kafka: Kafka, topic: str, reader: Consumer) -> None:
        partition = Partition(topic, 0)
        with kafka.producer(topic) as producer:
            producer.write(Message(topic, b"%d" % number) for number in range(5))
        with kafka.admin() as admin:
            admin.delete_records({partition: 3})
        assert reader.begins([partition]) == {partition: 3}
        assert values(read_all(kafka, topic)) == [b"3", b"4"]

    def test_a_large_message(self, kafka: Kafka, name: str) -> None:
        with kafka.admin() as admin:
            admin.create([Topic(name, 1, -1, {"max.message.bytes": "4000000"}), Topic(f"{name}.small")])
        with kafka.producer(name) as producer:
            producer.write([Message(name, bytes(3_000_000))])
            with pytest.raises(KafkaRefusedError):
                producer.write([Message(f"{name}.small", bytes(3_000_000))])
        assert [len(record.value or b"") for record in read_all(kafka, name)] == [3_000_000]

    def test_closing_twice(self, kafka: Kafka, topic: str) -> None:
        for each in (kafka.producer(topic), kafka.consumer(topic), kafka.admin()):
            each.close()
            each.close()


MURMUR2 = [0, 4, 0, 4, 2, 3, 3, 0, 2, 0, 3, 0, 1, 4, 4, 4, 2, 2, 1, 2]
"""Partitions of five by Java's client, for the keys of the test above."""
