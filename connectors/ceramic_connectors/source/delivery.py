"""Who writes for a source: in transactions that shut others out, or without any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from ceramic_connectors.kafka.port import Kafka, Partition, Producer


class Writers(Protocol):
    """Opens producers for the tasks of a source."""

    def open(self, task: int, touches: Collection[Partition]) -> Producer:
        """A producer for a task; `touches` as in `Kafka.producer`.

        Raises:
            KafkaError: there is no way in.
        """
        ...


@dataclass(frozen=True, slots=True)
class ExactlyOnce:
    """Transactions: whoever opens a task's producer last is the only one who can write."""

    kafka: Kafka
    name: str

    def open(self, task: int, touches: Collection[Partition]) -> Producer:
        """See `Writers.open`."""
        return self.kafka.producer(transactional_id(self.name, task), touches)


@dataclass(frozen=True, slots=True)
class AtLeastOnce:
    """No transactions: for clusters that allow none. Nobody is shut out, so there may be one source only."""

    kafka: Kafka

    def open(self, task: int, touches: Collection[Partition]) -> Producer:
        """See `Writers.open`."""
        del task, touches
        return self.kafka.sender()


def transactional_id(name: str, task: int) -> str:
    """Under what a task writes."""
    return f"ceramic-source-{name}-{task}"
