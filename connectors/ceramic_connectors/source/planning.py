"""How work is divided when a source begins: who did it before is shut out, their positions are taken over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ceramic_connectors.kafka.port import Partition, Producer
from ceramic_connectors.source.delivery import Writers
from ceramic_connectors.source.origin import About, Feed, Place
from ceramic_connectors.source.position import Again, Past, Position
from ceramic_connectors.source.positions import Positions
from ceramic_connectors.source.topic_maker import TopicMaker


@dataclass(frozen=True, slots=True)
class Planner:
    """Divides the work of a source.

    Attributes:
        writers: opens producers.
        positions: where they are kept.
        topics: to which records are written.
    """

    writers: Writers
    positions: Positions
    topics: TopicMaker

    def plan(self, tasks: int, feeds: Sequence[Feed], fresh: Position) -> list[Position]:
        """The positions from which the tasks go on, kept in Kafka.

        Args:
            tasks: how many there are to be.
            feeds: which ones are to be read.
            fresh: where to begin what was never read.

        Raises:
            KafkaError: it can't be done; nothing has changed but that others are shut out.
            PositionError: what is kept makes no sense.
        """
        count = max([tasks, *(each.tasks for each in self.positions.all()[:1])])
        written = self.topics.written()
        for task in range(count):
            self._producer(task, written).close()
        # What is kept now stays, as nobody else can write.
        found = self.positions.all()
        if _fits(found, tasks, feeds):
            return found
        planned = [divided(found, tasks, feeds, fresh)] * tasks
        self._keep(planned, count)
        return planned

    def _keep(self, planned: Sequence[Position], count: int) -> None:
        messages = [self.positions.message(task, each) for task, each in enumerate(planned)]
        messages += [self.positions.message(task, None) for task in range(len(planned), count)]
        with self._producer(0, map(self.positions.partition, range(count))) as producer:
            producer.write(messages)

    def _producer(self, task: int, touches: Iterable[Partition]) -> Producer:
        return self.writers.open(task, [self.positions.partition(task), *touches])


def fresh_position(about: About, tasks: int, feeds: Sequence[Feed], *, from_now: bool) -> Position:
    """Where a source that never ran begins."""
    places = about.ends if from_now else about.begins
    ends = {feed: about.ends[feed].position for feed in feeds}
    return Position(1, tasks, {feed: places[feed] for feed in feeds}, ends)


def divided(found: Sequence[Position], tasks: int, feeds: Sequence[Feed], fresh: Position) -> Position:
    """Where each of so many tasks begins, after others had come so far."""
    if not found:
        return fresh
    first = found[0]
    common = [feed for feed in feeds if feed in first.places]
    earliest = {feed: _earliest([each.places[feed] for each in found]) for feed in common}
    past = {feed: tuple(each.places[feed].position for each in found) for feed in common}
    return Position(
        first.plan + 1,
        tasks,
        {**fresh.places, **earliest},
        {**fresh.snapshot, **{feed: first.snapshot[feed] for feed in common}},
        (*first.past, *([Past(past)] if len(found) > 1 else [])),
        min(each.signals for each in found),
        first.is_paused,
        tuple(Again(model) for model in dict.fromkeys(each.model for one in found for each in one.again)),
    )


def _fits(found: Sequence[Position], tasks: int, feeds: Sequence[Feed]) -> bool:
    return len(found) == tasks and set(found[0].places) == set(feeds)


def _earliest(places: Sequence[Place]) -> Place:
    return min(places, key=lambda place: place.position)
