"""Every record once, whatever dies: the loop against a broker that is killed and held up."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from ceramic_connectors.kafka.errors import (
    KafkaError,
    KafkaFencedError,
    KafkaTransactionError,
    KafkaUnreachableError,
)
from ceramic_connectors.kafka.exactly_once import Batch, write_exactly_once
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Kafka, Message, Partition, Producer, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Times
from tests.connectors.kafka.kafka_contract import read_all, values
from tests.support.services import own_broker

BATCHES = 12
BATCH = 25
POSITIONS = "positions"


def test_once_through_kills_and_silence(tmp_path: Path) -> None:
    pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")
    with own_broker(tmp_path) as broker:
        times = Times(delivery=6.0, request=2.0, connect=3.0, transaction=20.0)
        kafka = open_kafka(KafkaSettings(broker.addresses.plain, times=times), Library.KAFKA_PYTHON)
        with kafka.admin() as admin:
            admin.create([Topic("records"), Topic(POSITIONS, settings={"cleanup.policy": "compact"})])
        failures: list[KafkaError] = []
        faults = {3: _killed(broker), 6: _silent(broker, 8.0), 9: _killed(broker)}
        write_exactly_once(
            lambda: kafka.producer("records", [Partition("records", 0), Partition(POSITIONS, 0)]),
            lambda: last_position(kafka),
            lambda position: batches(position, faults),
            failures.append,
        )
        assert faults == {}
        assert failures
        assert values(read_all(kafka, "records")) == [b"%d" % number for number in range(BATCHES * BATCH)]
        assert last_position(kafka) == BATCHES * BATCH


def batches(position: int, faults: dict[int, object]) -> Generator[Batch, None, None]:
    """All that follow a position; some of them meet a fault, once."""
    for first in range(position, BATCHES * BATCH, BATCH):
        yield Batch(_messages(first, faults))


def _messages(first: int, faults: dict[int, object]) -> Iterator[Message]:
    for number in range(first, first + BATCH):
        yield Message("records", b"%d" % number)
        if number == first + BATCH // 2 and first // BATCH in faults:
            time.sleep(0.2)
            faults.pop(first // BATCH)()  # type: ignore[operator]
    yield Message(POSITIONS, b"%d" % (first + BATCH), b"position")


def last_position(kafka: Kafka) -> int:
    """What the last committed transaction says."""
    partition = Partition(POSITIONS, 0)
    found = 0
    with kafka.consumer() as consumer:
        consumer.assign({partition: None})
        end = consumer.ends([partition])[partition]
        while consumer.position(partition) < end:
            for record in consumer.poll(0.1):
                found = int(record.value or b"")
    return found


def _killed(broker: object) -> object:
    def fault() -> None:
        broker.kill()  # type: ignore[attr-defined]
        broker.start()  # type: ignore[attr-defined]

    return fault


def _silent(broker: object, seconds: float) -> object:
    def fault() -> None:
        broker.pause()  # type: ignore[attr-defined]
        threading.Timer(seconds, broker.resume).start()  # type: ignore[attr-defined]

    return fault


class _Scripted:
    """A producer that does what a list says."""

    def __init__(self, answers: list[Exception | None]) -> None:
        self._answers = answers

    def write(self, *_: object) -> None:
        answer = self._answers.pop(0)
        if answer is not None:
            raise answer

    def __enter__(self) -> Producer:
        return self  # type: ignore[return-value]

    def __exit__(self, *_: object) -> None: ...


def test_the_position_is_read_anew_after_every_failure() -> None:
    answers: list[Exception | None] = [
        None,
        KafkaTransactionError("no"),
        None,
        KafkaUnreachableError("no"),
        None,
    ]
    positions = iter([1, 2, 3])
    asked: list[int] = []
    pauses: list[float] = []

    def one_after(position: int) -> Generator[Batch, None, None]:
        asked.append(position)
        while answers:
            yield Batch([])

    write_exactly_once(lambda: _Scripted(answers), lambda: next(positions), one_after, pause=pauses.append)  # type: ignore[arg-type, return-value]
    assert asked == [1, 2, 3]
    assert len(pauses) == 2


def test_a_successor_ends_it() -> None:
    answers: list[Exception | None] = [None, KafkaFencedError("another one")]
    with pytest.raises(KafkaFencedError):
        write_exactly_once(lambda: _Scripted(answers), lambda: 0, lambda _: (Batch([]) for _ in range(3)))  # type: ignore[arg-type, return-value]
