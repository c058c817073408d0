"""Each guard of kafka-python's producer against a broker that dies: without it the same test goes wrong.

The library isn't to be believed (kafka.md 3.3), and a new version may need other guards: these tests tell.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ceramic_connectors.kafka.errors import KafkaFencedError, KafkaTransactionError
from ceramic_connectors.kafka.port import Kafka, Message, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Times
from infra.services.broker import Broker
from tests.connectors.kafka.kafka_contract import overlap, read_all, values
from tests.support.services import own_broker

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

from ceramic_connectors.kafka.kafka_python.client import KafkaPython
from ceramic_connectors.kafka.kafka_python.guards import (
    GUARDS,
    Guard,
    abort_what_expired,
    send_again,
    stay_fenced,
)
from ceramic_connectors.kafka.kafka_python.producer import KafkaPythonProducer

SHORT = Times(delivery=2.0, request=1.0, transaction=30.0)
LONG = Times(delivery=25.0, request=2.0, transaction=60.0)

NOTICED_SECONDS = 1.0
"""How long a producer may take to see that the broker is gone."""


class Careless(KafkaPythonProducer):
    """Commits without looking whether its records were acknowledged."""

    def _settle(self, sent: Sequence[Any]) -> None:
        del sent
        self._producer.flush(self._delivery * 2)


class Slow(KafkaPythonProducer):
    """Takes its time to close itself once it has failed, in which the library goes on by itself."""

    def _give_up(self, error: BaseException, *, can_abort: bool) -> None:
        time.sleep(NOTICED_SECONDS)
        super()._give_up(error, can_abort=can_abort)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with own_broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return "".join(letter if letter.isalnum() else "." for letter in request.node.name)


def settings(broker: Broker, times: Times) -> KafkaSettings:
    return KafkaSettings(broker.addresses.plain, times=times)


def prepared(broker: Broker, name: str, *more: str) -> Kafka:
    """A client with a topic of that name."""
    kafka = KafkaPython(settings(broker, LONG))
    with kafka.admin() as admin:
        admin.create([Topic(name), *map(Topic, more)])
    return kafka


def without(*guards: Guard) -> list[Guard]:
    return [guard for guard in GUARDS if guard not in guards]


def test_without_its_guard_a_fenced_producer_ends_its_successor(broker: Broker, name: str) -> None:
    """The contract has the other half: with it, the successor isn't disturbed."""
    kafka = prepared(broker, name)
    old = Slow(settings(broker, LONG), name, guards=without(stay_fenced))
    _, of_new = overlap(old, lambda: kafka.producer(name), name)
    assert isinstance(of_new, KafkaFencedError | KafkaTransactionError)
    assert values(read_all(kafka, name)) == []


@pytest.mark.parametrize(
    ("producer", "guards", "is_noticed"),
    [
        (KafkaPythonProducer, without(abort_what_expired), True),
        (Careless, GUARDS, True),
        (Careless, without(abort_what_expired), False),
    ],
    ids=["looking", "aborting", "neither"],
)
def test_no_commit_without_the_records_that_were_given_up(
    broker: Broker,
    name: str,
    producer: type[KafkaPythonProducer],
    guards: Sequence[Guard],
    is_noticed: bool,
) -> None:
    kafka = prepared(broker, name)

    def messages() -> Iterator[Message]:
        yield Message(name, b"one")
        time.sleep(0.5)
        broker.kill()
        yield Message(name, b"two")
        broker.start()
        yield Message(name, b"three")

    with producer(settings(broker, SHORT), name, guards=guards) as careful:
        if is_noticed:
            with pytest.raises(KafkaTransactionError) as raised:
                careful.write(messages())
            assert not raised.value.may_be_committed
        else:
            careful.write(messages())
    found = values(read_all(kafka, name))
    assert found == ([] if is_noticed else [b"one", b"three"])


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_request_that_found_no_connection_is_sent_again(
    broker: Broker, name: str, is_guarded: bool
) -> None:
    kafka = prepared(broker, name)
    guards = GUARDS if is_guarded else without(send_again)
    times = LONG if is_guarded else Times(delivery=10.0, request=2.0, transaction=30.0)

    def messages() -> Iterator[Message]:
        broker.kill()
        # The library forgets only requests for which it finds the connection closed before it sends them.
        time.sleep(NOTICED_SECONDS)
        yield Message(name, b"one")
        time.sleep(NOTICED_SECONDS)
        broker.start()

    with KafkaPythonProducer(settings(broker, times), name, guards=guards) as producer:
        producer.write([Message(name, b"zero")])
        if is_guarded:
            producer.write(messages())
        else:
            with pytest.raises(KafkaTransactionError):
                producer.write(messages())
    assert values(read_all(kafka, name)) == ([b"zero", b"one"] if is_guarded else [b"zero"])
