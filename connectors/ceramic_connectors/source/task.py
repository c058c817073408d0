"""A task of a source: what its share of the streams says is written in transactions, whatever fails."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from typing import Final

from ceramic_connectors.kafka.errors import KafkaFencedError
from ceramic_connectors.kafka.exactly_once import Batch, write_exactly_once
from ceramic_connectors.kafka.port import Producer
from ceramic_connectors.source.apart import ComposerProcess
from ceramic_connectors.source.delivery import Writers
from ceramic_connectors.source.position import Position
from ceramic_connectors.source.positions import Positions
from ceramic_connectors.source.progress import Progress
from ceramic_connectors.source.topic_maker import TopicMaker


class Task:
    """Writes what a composer makes. `run` it once, in one thread."""

    def __init__(
        self,
        writers: Writers,
        positions: Positions,
        topics: TopicMaker,
        composer: ComposerProcess,
        progress: Progress,
        *,
        number: int,
        plan: int,
        stopping: threading.Event,
    ) -> None:
        self._writers: Final = writers
        self._positions: Final = positions
        self._topics: Final = topics
        self._composer: Final = composer
        self._progress: Final = progress
        self._number: Final = number
        self._plan: Final = plan
        self._stopping: Final = stopping

    def run(self) -> None:
        """Write until it is told to stop.

        Raises:
            KafkaFencedError: another source of this name has taken over.
            CeramicError: Kafka or the node refuses: trying again would change nothing.
        """
        write_exactly_once(self._producer, self._position, self._batches, self._progress.failed, self._pause)

    def _producer(self) -> Producer:
        touches = [self._positions.partition(self._number), *self._topics.written()]
        return self._writers.open(self._number, touches)

    def _position(self) -> Position:
        found = self._positions.of(self._number)
        if found is None or found.plan != self._plan:
            raise KafkaFencedError(
                "another source of this name has divided the work anew; stop one of the two"
            )
        return found

    def _pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _batches(self, position: Position) -> Generator[Batch, None, None]:
        with closing(self._composer.composed(position)) as found:
            for messages, seen in found:
                self._topics.make({message.topic for message in messages})
                yield Batch(messages)
                self._progress.written(len(messages) - 1, seen)
