"""The topic of positions: each task has a partition there, and its last record counts."""

from __future__ import annotations

from typing import Final

from ceramic_connectors.kafka.port import Consumer, Kafka, Message, Partition
from ceramic_connectors.source.errors import PositionError
from ceramic_connectors.source.position import Position, position_key
from ceramic_protocol.limits import MAX_SOURCE_TASKS

_BACK: Final = 64
_POLL_SECONDS: Final = 0.5


class Positions:
    """Positions of the tasks of one source."""

    def __init__(self, kafka: Kafka, topic: str, name: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._name = name

    def of(self, task: int) -> Position | None:
        """That of a task, if it has one.

        Raises:
            KafkaError: it can't be read.
            PositionError: it makes no sense.
        """
        with self._kafka.consumer() as consumer:
            value = _last(consumer, self.partition(task), position_key(self._name, task))
        return None if value is None else Position.from_json(value)

    def all(self) -> list[Position]:
        """Those of all tasks, in their order; none for a source that has never run.

        Raises:
            KafkaError: they can't be read.
            PositionError: they make no sense.
        """
        first = self.of(0)
        if first is None:
            return []
        found = [first, *(self.of(task) for task in range(1, first.tasks))]
        positions = [each for each in found if each is not None and each.plan == first.plan]
        if len(positions) != first.tasks:
            raise PositionError(
                f"{len(positions)} of {first.tasks} positions of {self._name} are in {self._topic};"
                " give the source another --name to begin anew"
            )
        return positions

    def message(self, task: int, position: Position | None) -> Message:
        """What keeps a position; None takes one away."""
        value = None if position is None else position.to_json()
        return Message(self._topic, value, position_key(self._name, task), partition=task)

    def partition(self, task: int) -> Partition:
        """Where a task's position stands.

        Raises:
            PositionError: there are no so many tasks.
        """
        if not 0 <= task < MAX_SOURCE_TASKS:
            raise PositionError(f"a source has at most {MAX_SOURCE_TASKS} tasks")
        return Partition(self._topic, task)


def _last(consumer: Consumer, partition: Partition, key: bytes) -> bytes | None:
    """The value of the last record with a key, looked for from the end backwards."""
    begin = consumer.begins([partition])[partition]
    end = consumer.ends([partition])[partition]
    back = _BACK
    while True:
        start = max(begin, end - back)
        found: bytes | None = None
        is_there = False
        consumer.assign({partition: start})
        while consumer.position(partition) < end:
            for record in consumer.poll(_POLL_SECONDS):
                if record.key == key and record.offset < end:
                    found, is_there = record.value, True
        if is_there or start == begin:
            return found
        back *= 16
