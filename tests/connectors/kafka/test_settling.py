"""Transactions that hang in a partition, made on purpose on a real broker, and what becomes of them.

A broker that doesn't verify takes records into a partition of which the coordinator knows nothing: the
marker passes it by, as it does after a broker was killed behind a commit (`test_kills`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import suppress

import pytest

from ceramic_connectors.kafka.errors import KafkaTransactionError
from ceramic_connectors.kafka.kafka_python.coordinator import KafkaPythonCoordinator
from ceramic_connectors.kafka.kafka_python.producer import KafkaPythonProducer
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Kafka, Message, Partition, Topic
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_connectors.kafka.settling import ABORTED, COMMITTED, EMPTY, Described, settle
from infra.services.broker import Broker
from tests.connectors.kafka.kafka_contract import REACHES_BROKER_SECONDS
from tests.connectors.kafka.test_kills import PACKAGES
from tests.support.kafka_compaction import read_all
from tests.support.services import own_broker
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")


class ForgetfulProducer(KafkaPythonProducer):
    """Doesn't tell the coordinator of partition 1."""

    def _send(self, message: Message) -> object:
        from kafka.structs import TopicPartition

        manager = self._producer._transaction_manager
        manager._partitions_in_transaction.add(TopicPartition(message.topic, 1))
        return super()._send(message)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with own_broker(tmp_path_factory.mktemp("broker")) as broker:
        from kafka.admin import ConfigResource, KafkaAdminClient

        admin = KafkaAdminClient(bootstrap_servers=broker.addresses.plain)
        wanted = {"transaction.partition.verification.enable": "false"}
        admin.alter_configs([ConfigResource("BROKER", "1", wanted)])
        admin.close()
        yield broker


@pytest.fixture
def settings(broker: Broker) -> KafkaSettings:
    return KafkaSettings(broker.addresses.plain)


@pytest.fixture(params=Library, ids=str)
def kafka(settings: KafkaSettings, request: pytest.FixtureRequest) -> Kafka:
    pytest.importorskip(PACKAGES[request.param], reason=f"{request.param} is not installed")
    return open_kafka(settings, request.param)


@pytest.fixture
def name(kafka: Kafka, request: pytest.FixtureRequest) -> str:
    """A topic of two partitions."""
    found = "".join(letter if letter.isalnum() else "." for letter in request.node.name)
    with kafka.admin() as admin:
        admin.create([Topic(found, 2)])
    return found


def both(name: str) -> list[Partition]:
    return [Partition(name, 0), Partition(name, 1)]


def hang(settings: KafkaSettings, name: str, *, commit: bool = True) -> None:
    """Write to both partitions; the second one hears nothing of the end."""

    def messages() -> Iterator[Message]:
        yield Message(name, b"zero", partition=0)
        yield Message(name, b"one", partition=1)
        if not commit:
            time.sleep(REACHES_BROKER_SECONDS)
            raise AbortedError

    with ForgetfulProducer(settings, name) as producer, suppress(AbortedError):
        producer.write(messages())
    with KafkaPythonCoordinator(settings, name) as coordinator:
        wait_until(lambda: state(coordinator) == (COMMITTED if commit else ABORTED))
        found = coordinator.described()
        assert found is not None
        assert coordinator.open_in(both(name), found.producer_id) == {Partition(name, 1): 0}


def state(coordinator: KafkaPythonCoordinator) -> str | None:
    found = coordinator.described()
    return None if found is None else found.state


class AbortedError(Exception):
    """Of a source."""


def seen(kafka: Kafka, name: str) -> list[list[bytes | None]]:
    return [[record.value for record in read_all(kafka, partition)] for partition in both(name)]


def test_what_hangs_can_be_told_from_the_end(settings: KafkaSettings, kafka: Kafka, name: str) -> None:
    hang(settings, name)
    with kafka.consumer() as consumer:
        assert consumer.ends(both(name)) == {Partition(name, 0): 2, Partition(name, 1): 0}
        assert consumer.written_ends(both(name)) == {Partition(name, 0): 2, Partition(name, 1): 1}


def test_a_commit_that_hangs_can_be_read(settings: KafkaSettings, kafka: Kafka, name: str) -> None:
    hang(settings, name)
    assert seen(kafka, name) == [[b"zero"], []]
    with kafka.producer(name, both(name)) as producer:
        assert seen(kafka, name) == [[b"zero"], [b"one"]]
        producer.write([Message(name, b"two", partition=1)])
    kafka.producer(name, both(name)).close()
    assert seen(kafka, name) == [[b"zero"], [b"one", b"two"]]


def test_an_abort_that_hangs_stays_one(settings: KafkaSettings, kafka: Kafka, name: str) -> None:
    hang(settings, name, commit=False)
    with kafka.producer(name, both(name)) as producer:
        producer.write([Message(name, b"two", partition=1)])
    kafka.producer(name, both(name)).close()
    assert seen(kafka, name) == [[], [b"two"]]


def test_the_danger(settings: KafkaSettings, kafka: Kafka, name: str) -> None:
    """Unsettled, a record that was committed is lost with the next transaction that is aborted."""

    def messages() -> Iterator[Message]:
        yield Message(name, b"two", partition=1)
        time.sleep(REACHES_BROKER_SECONDS)
        raise AbortedError

    hang(settings, name)
    with kafka.producer(name) as producer, suppress(AbortedError):
        producer.write(messages())
    kafka.producer(name).close()
    with kafka.consumer() as consumer:
        assert consumer.ends(both(name)) == consumer.written_ends(both(name))
    assert seen(kafka, name) == [[b"zero"], []]


def test_what_opening_aborted_stays_aborted(settings: KafkaSettings, kafka: Kafka, name: str) -> None:
    """An id that was opened and is empty can only hang with what opening has aborted."""
    hang(settings, name, commit=False)
    kafka.producer(name).close()
    with KafkaPythonCoordinator(settings, name) as coordinator:
        assert state(coordinator) == EMPTY
    kafka.producer(name, both(name)).close()
    assert seen(kafka, name) == [[], []]
    with kafka.consumer() as consumer:
        assert consumer.ends(both(name)) == consumer.written_ends(both(name))


def test_partitions_that_are_not_there(kafka: Kafka, name: str) -> None:
    kafka.producer(name, [*both(name), Partition(name, 9), Partition(f"{name}.none", 0)]).close()


def test_transactions_of_others_are_left_alone(kafka: Kafka, name: str) -> None:
    def messages() -> Iterator[Message]:
        yield Message(name, b"one", partition=1)
        with kafka.producer(f"{name}.other", both(name)) as other:
            other.write([Message(name, b"other", partition=1)])
            other.write([Message(name, b"another", partition=1)])
        yield Message(name, b"two", partition=1)

    with kafka.producer(name, both(name)) as producer:
        producer.write(messages())
    kafka.producer(name, both(name)).close()
    assert sorted(seen(kafka, name)[1]) == [b"another", b"one", b"other", b"two"]  # type: ignore[type-var]


def test_a_producer_that_goes_on_notices(settings: KafkaSettings, kafka: Kafka, name: str) -> None:
    with ForgetfulProducer(settings, name) as producer:
        producer.write([Message(name, b"zero", partition=0), Message(name, b"one", partition=1)])
        with pytest.raises(KafkaTransactionError, match=rf"open in {name}-1"):
            producer.write([Message(name, b"two", partition=1)])
    kafka.producer(name, both(name)).close()
    assert seen(kafka, name) == [[b"zero"], [b"one"]]


@pytest.mark.parametrize("after_seconds", [0.0, 0.002, 0.005])
def test_a_broker_that_dies_as_that_is_ended(
    broker: Broker, settings: KafkaSettings, request: pytest.FixtureRequest, after_seconds: float
) -> None:
    def bounce() -> None:
        broker.kill()
        broker.start()

    class Hurt(KafkaPythonCoordinator):
        def end(self, of: Described, partitions: Collection[Partition], *, commit: bool) -> None:
            if not killing.is_alive() and not ended:
                killing.start()
            ended.append(commit)
            super().end(of, partitions, commit=commit)

    name = "".join(letter if letter.isalnum() else "." for letter in request.node.name)
    killing, ended = threading.Timer(after_seconds, bounce), list[bool]()
    kafka = open_kafka(settings)
    with kafka.admin() as admin:
        admin.create([Topic(name, 2)])
    hang(settings, name)
    with Hurt(settings, name) as coordinator:
        settle(coordinator, both(name))
        killing.join()
        settle(coordinator, both(name))
    assert set(ended) == {True}
    assert seen(kafka, name) == [[b"zero"], [b"one"]]
