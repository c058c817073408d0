"""What stands in a source's topics, as somebody reads it who sees what was committed."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ceramic_connectors.kafka.port import Admin, Consumer, Kafka, Partition, Received

_PATIENCE: Final = 180.0
_LOOK_SECONDS: Final = 0.5


@dataclass
class Topics:
    """Records of a source by topic, and those of events and states in the order of their streams.

    Attributes:
        events: by StreamID, the CIDs of its events in order.
        states: by StreamID, its records in order; None for tombstones.
        letters: dead letters.
    """

    events: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    states: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    letters: list[Received] = field(default_factory=list)

    @property
    def event_count(self) -> int:
        """How many records of events there are."""
        return sum(map(len, self.events.values()))

    def tips(self) -> dict[str, tuple[str, str | None]]:
        """Tip and content of each stream, by its last record."""
        found = {stream: states[-1] for stream, states in self.states.items()}
        return {stream: (last["tip"], last["content"]) for stream, last in found.items() if last is not None}

    def take(self, record: Received) -> None:
        """One more record."""
        topic = record.partition.topic
        stream = (record.key or b"").decode()
        if topic.endswith(".events"):
            self.events[stream].append(dict(record.headers)["ceramic.cid"].decode())
        elif topic.endswith(".state"):
            self.states[stream].append(None if record.value is None else json.loads(record.value))
        elif topic.endswith(".dead-letters"):
            self.letters.append(record)


def read_topics(kafka: Kafka, prefix: str, is_enough: Callable[[Topics], object]) -> Topics:
    """Read all topics with a prefix until that is enough.

    Raises:
        AssertionError: it isn't, for minutes.
    """
    found, until, looked = Topics(), time.monotonic() + _PATIENCE, 0.0
    known: set[Partition] = set()
    with kafka.consumer() as consumer, kafka.admin() as admin:
        while not is_enough(found):
            assert time.monotonic() < until, (found.event_count, len(found.states))
            if time.monotonic() > looked + _LOOK_SECONDS:
                new, looked = _partitions(admin, prefix) - known, time.monotonic()
                known |= new
                consumer.assign({each: _place(consumer, each, new) for each in known})
            for record in consumer.poll(0.1) if known else ():
                found.take(record)
    return found


def _place(consumer: Consumer, partition: Partition, new: Iterable[Partition]) -> int | None:
    return None if partition in new else consumer.position(partition)


def _partitions(admin: Admin, prefix: str) -> set[Partition]:
    topics = admin.describe([name for name in admin.names() if name.startswith(f"{prefix}.")])
    return {Partition(topic.name, number) for topic in topics.values() for number in range(topic.partitions)}
