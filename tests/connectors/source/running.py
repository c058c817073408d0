"""A source in a thread of this process, on a real node and a real broker, with topics of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import orjson

from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Kafka, Message, Partition, Received
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.run import Source
from tests.support.node import RunningNode
from tests.support.services import shared_broker
from tests.support.source_topics import Topics, read_topics
from tests.support.waiting import PATIENCE_SECONDS, wait_until

_NUMBERS = count()


@dataclass
class RunningSource:
    """A source while it runs.

    Attributes:
        config: its configuration.
        said: what it has told.
        failed: what ended it, if anything did.
    """

    config: SourceConfig
    said: list[str] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    @property
    def kafka(self) -> Kafka:
        """A client of its broker."""
        return open_kafka(self.config.kafka_settings())

    def wait_for(self, events: int = 0, states: int = 0) -> Topics:
        """Its topics, as soon as they have so many records."""
        found = read_topics(
            self.kafka,
            self.config.prefix,
            lambda found: (
                self.failed
                or (found.event_count >= events and sum(map(len, found.states.values())) >= states)
            ),
        )
        assert not self.failed, self.failed
        return found

    def wait_until_said(self, text: str) -> None:
        """Wait until it has said something."""
        wait_until(lambda: self.failed or any(text in line for line in self.said))
        assert not self.failed

    def wait_until_failed(self) -> None:
        """Wait until it has ended by itself."""
        wait_until(lambda: self.failed)

    def signal(self, **signal: Any) -> None:
        """Write a signal to its topic."""
        topic = self.config.signal_topic
        assert topic is not None
        with self.kafka.producer(f"signals-{topic}") as producer:
            producer.write([Message(topic, orjson.dumps(signal), self.config.name.encode())])


def config_for(node: RunningNode, **settings: Any) -> SourceConfig:
    """A configuration with topics of its own."""
    name = f"test-{next(_NUMBERS)}-{threading.get_native_id()}"
    base = SourceConfig(source=node.url, kafka=shared_broker().plain, prefix=name, name=name)
    return replace(base, **settings)


@contextmanager
def running_source(config: SourceConfig) -> Iterator[RunningSource]:
    """A source until the block ends."""
    found = RunningSource(config)
    stopping = threading.Event()

    def run() -> None:
        try:
            Source(config, found.said.append).run(stopping)
        except BaseException as error:  # noqa: BLE001  # for the test to see
            found.failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield found
    finally:
        stopping.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def records_of(kafka: Kafka, topic: str, enough: int = 1) -> list[Received]:
    """The records of a topic's first partition, as soon as there are so many."""
    found: list[Received] = []

    def is_enough() -> bool:
        with kafka.consumer() as consumer:
            partition = Partition(topic, 0)
            consumer.assign({partition: None})
            end = consumer.ends([partition])[partition]
            found.clear()
            while consumer.position(partition) < end:
                found.extend(consumer.poll(0.1))
        return len(found) >= enough

    wait_until(is_enough)
    return found
