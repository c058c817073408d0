"""A group of three that copies a topic in transactions, while members join, die and leave.

Members are processes of their own: `python -m tests.support.kafka_groups SERVERS LIBRARY NAME MEMBER`. Each
writes a line of JSON when it is ready, at the first record of each transaction, and behind its commit.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, Self

from ceramic_connectors.kafka.errors import KafkaError
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Kafka, Message, Partition, Received, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Times
from tests.support.vectors import PROJECT
from tests.support.waiting import PATIENCE_SECONDS, wait_until

PARTITIONS: Final = 6
KEYS: Final = 24
TIMES: Final = Times(transaction=10.0, delivery=8.0, request=5.0, session=6.0)
"""The broker takes a dead member out of the group, and aborts its transaction, within seconds."""

_RECORD_SECONDS: Final = 0.001
"""What it takes to process a record."""

_OPEN_SECONDS: Final = 0.03
"""How long a transaction is open at least."""

_PAUSE_SECONDS: Final = 0.2
_WAVE: Final = 48


@dataclass
class Copied:
    """What came out of it.

    Attributes:
        records: of the input.
        missing: those that aren't in the output.
        doubled: those that are there more than once.
        disordered: keys whose records have another order.
        by_member: records that each member has committed.
        restarts: how often members began anew, as the group had moved on.
        killed_while_writing: whether a member was killed in the middle of a transaction.
    """

    records: int = 0
    missing: int = 0
    doubled: int = 0
    disordered: int = 0
    by_member: dict[str, int] = field(default_factory=dict)
    restarts: int = 0
    killed_while_writing: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether everything is there once and in order."""
        return not (self.missing or self.doubled or self.disordered)

    @property
    def closing_line(self) -> str:
        """Figures in words."""
        shares = ", ".join(f"{name} {count}" for name, count in sorted(self.by_member.items()))
        return (
            f"{self.records} records copied by a group ({shares}; {self.restarts} began anew):"
            f" {self.missing} missing, {self.doubled} doubled, {self.disordered} keys out of order"
        )


class MemberProcess:
    """A member, and what it said."""

    def __init__(self, servers: str, library: Library, name: str, member: str) -> None:
        command = [sys.executable, "-m", "tests.support.kafka_groups", servers, library.value, name, member]
        self.name = member
        self.said: list[dict[str, object]] = []
        self._is_doomed = threading.Event()
        self._process = subprocess.Popen(
            command, cwd=PROJECT, env={**os.environ}, stdout=subprocess.PIPE, text=True
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    @property
    def committed(self) -> int:
        """Records of its transactions."""
        return sum(int(str(line["count"])) for line in list(self.said) if line["said"] == "committed")

    @property
    def restarts(self) -> int:
        """How often it began anew."""
        return sum(line["said"] == "anew" for line in list(self.said))

    @property
    def is_dead(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def died_while_writing(self) -> bool:
        """Whether the last that was heard of it is that a transaction was open."""
        return self.is_dead and self.said[-1]["said"] == "writing"

    def kill_while_writing(self) -> None:
        """End it as soon as it says that a transaction is open."""
        self._is_doomed.set()

    def leave(self) -> None:
        """Let it leave the group."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        self._listening.join(PATIENCE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))
            if self._is_doomed.is_set() and self.said[-1]["said"] == "writing":
                self._process.kill()


class _Input:
    """Waves of records; each key counts from 0."""

    def __init__(self, kafka: Kafka, name: str) -> None:
        self.count = 0
        self._name = name
        self._producer = kafka.producer(f"{name}.input")

    def wave(self) -> None:
        """Write more."""
        numbers = range(self.count, self.count + _WAVE)
        self._producer.write(
            Message(f"{self._name}.in", b"%d" % (number // KEYS), b"key%d" % (number % KEYS))
            for number in numbers
        )
        self.count += _WAVE

    def close(self) -> None:
        self._producer.close()


def copy_through_rebalances(servers: str, library: Library, name: str) -> Copied:
    """Let a group of three copy a topic: they join one by one, one is killed, one leaves, one finishes.

    Args:
        servers: `host:port` of a broker.
        library: of members, and of who reads the output.
        name: begins the names of topics, and is the group's.
    """
    kafka = open_kafka(KafkaSettings(servers, times=TIMES), library)
    with kafka.admin() as admin:
        admin.create([Topic(f"{name}.in", PARTITIONS), Topic(f"{name}.out", PARTITIONS)])
    source, result = _Input(kafka, name), Copied()
    with ExitStack() as stack:
        stack.callback(source.close)
        members = []
        for member in ("first", "second", "third"):
            members.append(stack.enter_context(MemberProcess(servers, library, name, member)))
            _flow(source, lambda: all(each.committed for each in members))
        first, second, third = members
        first.kill_while_writing()
        _flow(source, lambda: first.is_dead)
        before = second.committed, third.committed
        _flow(source, lambda: second.committed > before[0] and third.committed > before[1])
        _flow(source, lambda: not _behind(kafka, name))
        second.leave()
        alone = third.committed
        _flow(source, lambda: third.committed > alone)
        wait_until(lambda: not _behind(kafka, name), 2 * PATIENCE_SECONDS)
        third.leave()
        result.killed_while_writing = first.died_while_writing
        result.by_member = {each.name: each.committed for each in members}
        result.restarts = sum(each.restarts for each in members)
    return _compared(kafka, name, source.count, result)


def _flow(source: _Input, condition: Callable[[], object]) -> None:
    """Keep writing until it holds."""
    until = time.monotonic() + 2 * PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, "the group doesn't get on"
        source.wave()
        time.sleep(_PAUSE_SECONDS)


def _behind(kafka: Kafka, name: str) -> list[Partition]:
    """Partitions in which the group hasn't come to the end; markers at the end aren't counted."""
    partitions = [Partition(f"{name}.in", number) for number in range(PARTITIONS)]
    with kafka.consumer(name) as consumer:
        committed, ends = consumer.committed(partitions), consumer.ends(partitions)
    # Behind the last record of a partition is its marker, and the group's offset is before that.
    return [each for each in partitions if ends[each] and committed.get(each, 0) < ends[each] - 1]


def _compared(kafka: Kafka, name: str, count: int, result: Copied) -> Copied:
    found: dict[bytes, list[int]] = defaultdict(list)
    partitions = [Partition(f"{name}.out", number) for number in range(PARTITIONS)]
    with kafka.consumer() as consumer:
        consumer.assign(dict.fromkeys(partitions))
        # A member's last transaction may be open still: the broker ends it, and then everything can be read.
        wait_until(lambda: consumer.ends(partitions) == consumer.written_ends(partitions))
        tops = consumer.ends(partitions)
        until = time.monotonic() + PATIENCE_SECONDS
        while any(consumer.position(each) < top for each, top in tops.items()):
            assert time.monotonic() < until
            for record in consumer.poll(0.1):
                found[record.key or b""].append(int(record.value or b""))
    result.records = count
    for key in range(KEYS):
        expected, numbers = list(range(count // KEYS)), found[b"key%d" % key]
        result.missing += len(set(expected) - set(numbers))
        result.doubled += len(numbers) - len(set(numbers))
        result.disordered += numbers != sorted(numbers)
    return result


def _say(said: str, **more: object) -> None:
    sys.stdout.write(json.dumps({"said": said, **more}) + "\n")
    sys.stdout.flush()


def run_member(servers: str, library: Library, name: str, member: str) -> None:
    """Copy until asked to leave; begin anew when the group has moved on."""
    kafka = open_kafka(KafkaSettings(servers, times=TIMES), library)
    leaving = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    _say("ready")
    while not leaving.is_set():
        try:
            _copy(kafka, name, member, leaving)
        except KafkaError as error:
            _say("anew", because=str(error))
            time.sleep(_PAUSE_SECONDS)


def _copy(kafka: Kafka, name: str, member: str, leaving: threading.Event) -> None:
    out = [Partition(f"{name}.out", number) for number in range(PARTITIONS)]
    with kafka.consumer(name) as consumer, kafka.producer(f"{name}.{member}", out) as producer:
        consumer.subscribe([f"{name}.in"])
        while not leaving.is_set():
            records = consumer.poll(_PAUSE_SECONDS)
            if records:
                producer.write(_copies(name, records), _next(records), consumer.member())
                _say("committed", count=len(records))


def _copies(name: str, records: list[Received]) -> Iterator[Message]:
    for number, record in enumerate(records):
        yield Message(f"{name}.out", record.value, record.key)
        if number == 0:
            _say("writing")
            time.sleep(_OPEN_SECONDS)
        time.sleep(_RECORD_SECONDS)


def _next(records: list[Received]) -> dict[Partition, int]:
    return {record.partition: record.offset + 1 for record in records}


if __name__ == "__main__":
    run_member(sys.argv[1], Library(sys.argv[2]), sys.argv[3], sys.argv[4])
