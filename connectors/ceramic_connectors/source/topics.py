"""Names of a source's topics, and their settings (design.md section 3, kafka.md 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ceramic_connectors.kafka.port import Topic
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    MAX_KAFKA_REQUEST_BYTES,
    MAX_REMEMBERED_TOPICS,
    MAX_SOURCE_TASKS,
    MAX_TOPIC_CHARS,
)

_OTHERS: Final = re.compile(r"[^A-Za-z0-9._-]")
_INSTANCE: Final = "MID"

_COMPACTED: Final = {"cleanup.policy": "compact"}
_SIZE: Final = {"max.message.bytes": str(MAX_KAFKA_REQUEST_BYTES)}


@dataclass(frozen=True, slots=True)
class Shape:
    """What topics are made like.

    Attributes:
        partitions: how many those of events and states have.
        replication: copies; -1 leaves it to the brokers.
        retention_ms: how long events are kept; -1 for ever.
    """

    partitions: int = 1
    replication: int = -1
    retention_ms: int = -1


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one source on one network."""

    prefix: str
    network: str
    shape: Shape = Shape()

    def events(self, type_name: str, model: str | None) -> str:
        """Of the events of a model's streams or, if they have none, of a type's."""
        return self._name(type_name, model, "events")

    def states(self, type_name: str, model: str | None) -> str:
        """Of states, as `events`."""
        return self._name(type_name, model, "state")

    @property
    def dead_letters(self) -> str:
        """Of events that were rejected."""
        return _clean(f"{self.prefix}.{self.network}.dead-letters")

    @property
    def heartbeats(self) -> str:
        """Of signs of life."""
        return _clean(f"__ceramic-heartbeat.{self.prefix}")

    @property
    def positions(self) -> str:
        """Of how far sources have come."""
        return positions_topic(self.prefix)

    def has(self, name: str) -> bool:
        """Whether records of this source go into a topic."""
        return name.startswith(_clean(f"{self.prefix}.{self.network}.")) or name == self.heartbeats

    def topic(self, name: str) -> Topic:
        """How a topic with one of these names is to be made."""
        shape = self.shape
        if name == self.positions:
            settings = {**_COMPACTED, "segment.bytes": str(16 * 1024 * 1024)}
            return Topic(name, MAX_SOURCE_TASKS, shape.replication, settings)
        if name == self.heartbeats:
            return Topic(name, 1, shape.replication, dict(_COMPACTED))
        if name.endswith(".state"):
            return Topic(name, shape.partitions, shape.replication, {**_COMPACTED, **_SIZE})
        kept = {"cleanup.policy": "delete", "retention.ms": str(shape.retention_ms), **_SIZE}
        return Topic(name, 1 if name == self.dead_letters else shape.partitions, shape.replication, kept)

    def _name(self, type_name: str, model: str | None, ending: str) -> str:
        middle = model if type_name == _INSTANCE and model else type_name
        return _clean(f"{self.prefix}.{self.network}.{middle}.{ending}")


def positions_topic(prefix: str) -> str:
    """The name of the topic of positions, which doesn't need to know the network."""
    return _clean(f"__ceramic-positions.{prefix}")


@lru_cache(MAX_REMEMBERED_TOPICS)
def _clean(name: str) -> str:
    """A name that Kafka takes.

    Raises:
        UsageError: it is too long.
    """
    if len(name) > MAX_TOPIC_CHARS:
        raise UsageError(f"a topic's name has at most {MAX_TOPIC_CHARS} characters; take a shorter --prefix")
    return _OTHERS.sub("_", name)
