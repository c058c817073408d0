"""A task of a source: what its feeds say becomes transactions that hold the position behind them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

from ceramic_connectors.kafka.errors import KafkaFencedError
from ceramic_connectors.kafka.exactly_once import Batch, write_exactly_once
from ceramic_connectors.kafka.port import Kafka, Message, Producer
from ceramic_connectors.source.ahead import Turns, one_ahead
from ceramic_connectors.source.delivery import Writers
from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.heartbeat import Heartbeat
from ceramic_connectors.source.meter import Meter
from ceramic_connectors.source.origin import Origin
from ceramic_connectors.source.position import Again, Position
from ceramic_connectors.source.positions import Positions
from ceramic_connectors.source.progress import Progress
from ceramic_connectors.source.reading import Reading, reading
from ceramic_connectors.source.share import Share
from ceramic_connectors.source.signals import Signals
from ceramic_connectors.source.topic_maker import TopicMaker
from ceramic_protocol.limits import ORIGIN_RETRY_SECONDS, SOURCE_TICK_SECONDS


@dataclass(frozen=True, slots=True)
class Pace:
    """How much goes into a transaction.

    Attributes:
        batch: records after which it ends; there may be as many again of the page that was read last.
        linger: seconds to wait for more after the first.
    """

    batch: int
    linger: float


class Task:
    """Writes one share of the streams. `run` it once, in one thread."""

    def __init__(
        self,
        kafka: Kafka,
        writers: Writers,
        positions: Positions,
        share: Share,
        topics: TopicMaker,
        *,
        open_origin: Callable[[], Origin],
        name: str,
        plan: int,
        pace: Pace,
        heartbeat: Heartbeat,
        signal_topic: str | None,
        stopping: threading.Event,
        tell: Callable[[str], None],
        meter: Meter | None = None,
    ) -> None:
        self._kafka: Final = kafka
        self._writers: Final = writers
        self._positions: Final = positions
        self._share: Final = share
        self._topics: Final = topics
        self._open_origin: Final = open_origin
        self._name: Final = name
        self._plan: Final = plan
        self._pace: Final = pace
        self._heartbeat: Final = heartbeat
        self._signal_topic: Final = signal_topic
        self._stopping: Final = stopping
        self._tell: Final = tell
        self._progress: Final = Progress(tell, meter)

    def run(self) -> None:
        """Write until it is told to stop.

        Raises:
            KafkaFencedError: another source of this name has taken over.
            CeramicError: Kafka or the node refuses: trying again would change nothing.
        """
        write_exactly_once(
            self._producer,
            self._position,
            self._batches,
            self._progress.failed,
            self._pause,
        )

    def _producer(self) -> Producer:
        task = self._share.task
        touches = [self._positions.partition(task), *self._topics.written()]
        return self._writers.open(task, touches)

    def _position(self) -> Position:
        found = self._positions.of(self._share.task)
        if found is None or found.plan != self._plan:
            raise KafkaFencedError(f"another source of the name {self._name} has divided the work anew")
        return found

    def _pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _batches(self, position: Position) -> Generator[Batch, None, None]:
        return one_ahead(lambda turns: self._composed(position, turns))

    def _composed(self, position: Position, turns: Turns) -> Iterator[Batch]:
        with ExitStack() as stack:
            pages = stack.enter_context(
                reading(self._open_origin, position.places, self._pace.batch, self._tell)
            )
            signals = None
            if self._signal_topic is not None:
                signals = stack.enter_context(
                    Signals(self._kafka, self._signal_topic, self._name, position.signals, self._tell)
                )
            origin = self._open_origin()
            stack.callback(origin.close)
            kept = position
            while turns.wait() and not self._stopping.is_set():
                obeyed = position if signals is None else signals.obey(position)
                messages, position = self._next(pages, origin, obeyed)
                messages += self._heartbeat.due(position)
                is_told = obeyed.signals != kept.signals
                if messages or is_told:
                    yield self._batch(messages, position, turns)
                    kept = position

    def _next(self, pages: Reading, origin: Origin, position: Position) -> tuple[list[Message], Position]:
        if position.is_paused:
            self._pause(SOURCE_TICK_SECONDS)
            return [], position
        if position.again:
            return self._again(origin, position)
        return self._gathered(pages, position)

    def _gathered(self, pages: Reading, position: Position) -> tuple[list[Message], Position]:
        """What the next pages have, as much as goes into a transaction."""
        messages: list[Message] = []
        read = pages.next(SOURCE_TICK_SECONDS)
        until = time.monotonic() + self._pace.linger
        while read is not None:
            found, position = self._share.written(read, position)
            messages += found
            self._progress.read(read.feed, read.page)
            if len(messages) >= self._pace.batch:
                break
            read = pages.next(until - time.monotonic())
        return messages, position

    def _again(self, origin: Origin, position: Position) -> tuple[list[Message], Position]:
        """States of a model as they are now: a page of them."""
        first, *others = position.again
        try:
            items, resume = origin.states(first.model, first.resume, self._pace.batch)
        except NodeUnreachableError:
            self._pause(ORIGIN_RETRY_SECONDS)
            return [], position
        messages = list(self._share.written_again(items, position))
        left: Sequence[Again] = others if resume is None else [Again(first.model, resume), *others]
        if resume is None:
            self._tell(f"the states of {first.model} have been written again")
        return messages, replace(position, again=tuple(left))

    def _batch(self, messages: list[Message], position: Position, turns: Turns) -> Batch:
        self._topics.make({message.topic for message in messages})
        self._progress.written(len(messages))
        messages.append(self._positions.message(self._share.task, position))
        # While these are on their way into Kafka there is time to make the next ones.
        return Batch(turns.handed_over(messages))
