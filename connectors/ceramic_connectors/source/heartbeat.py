"""Signs of life: records that say how far a task is, also when there is nothing else to write."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ceramic_connectors.kafka.port import Message
from ceramic_connectors.records.form import Form
from ceramic_connectors.source.origin import Feed
from ceramic_connectors.source.position import Position
from ceramic_protocol.records import HEARTBEAT


@dataclass(slots=True)
class Heartbeat:
    """Makes one now and then.

    Attributes:
        topic: where they go.
        name: of the source.
        task: number of the task, part of the key.
        form: how they are written.
        seconds: between two of them; 0 for none at all.
    """

    topic: str
    name: str
    task: int
    form: Form
    seconds: float
    _last: float = field(default_factory=time.monotonic)

    def due(self, position: Position) -> list[Message]:
        """One, if it is time for it."""
        if not self.seconds or time.monotonic() < self._last + self.seconds:
            return []
        self._last = time.monotonic()
        places = {feed: place.resume for feed, place in position.places.items()}
        row = {
            "name": self.name,
            "ts_ms": time.time_ns() // 1_000_000,
            "events": places.get(Feed.EVENTS),
            "changes": places.get(Feed.CHANGES),
        }
        value, headers = self.form.encode(HEARTBEAT, self.topic, row)
        return [Message(self.topic, value, f"{self.name}-{self.task}".encode(), headers)]
