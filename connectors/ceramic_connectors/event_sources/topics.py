"""Topics of Kafka as a source: `kafka://HOST:PORT/TOPIC`, up to where they end when they are opened."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple, Self

from ceramic_connectors.batching import paged
from ceramic_connectors.event_sources.access import Access
from ceramic_connectors.event_sources.messages import MessageReader
from ceramic_connectors.kafka.errors import KafkaUnreachableError
from ceramic_connectors.kafka.port import Admin, Consumer, Kafka, Partition, Received, Topic
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import (
    EVENT_SOURCE_PATIENCE_SECONDS,
    GUESSED_EVENT_BYTES,
    MAX_KAFKA_TOPICS_READ,
    MAX_QUOTED_CHARS,
)
from ceramic_protocol.plain_text import plain
from ceramic_protocol.ports import SourceItem, SourcePage

_POLL_SECONDS = 0.5


class OffsetRange(NamedTuple):
    """Offsets of a partition from `begin` up to but not including `end`."""

    partition: Partition
    begin: int
    end: int

    @property
    def length(self) -> int:
        """How many offsets; there are gaps between those of records."""
        return self.end - self.begin

    def part(self, start: int, stop: int) -> OffsetRange:
        """What of it is in a range that is counted from its begin."""
        return self._replace(
            begin=self.begin + min(max(start, 0), self.length),
            end=self.begin + min(max(stop, 0), self.length),
        )


@dataclass(frozen=True, slots=True)
class TopicEvents:
    """The events in messages that were committed when this was opened.

    Ordinals count offsets: those of the first partition, then those of the next one.

    Attributes:
        servers: `host:port` of some brokers, with commas between.
        access: the way in.
        ranges: what is read, in this order.
    """

    servers: str
    access: Access
    ranges: tuple[OffsetRange, ...]

    @classmethod
    def open(
        cls,
        servers: str,
        topics: Sequence[str],
        access: Access | None = None,
        *,
        since: int | None = None,
        most: int | None = None,
    ) -> Self:
        """Ask how far the topics' partitions go.

        Args:
            servers: `host:port` of some brokers, with commas between.
            topics: names of topics; a `*` in one stands for anything.
            access: the way in; none by default.
            since: unix milliseconds; begin with the first records of that time or later.
            most: how many offsets at most, of all partitions together.

        Raises:
            UsageError: what was said of the way in makes no sense.
            OutsideError: there is no such topic, or Kafka doesn't answer or refuses.
        """
        access = access or Access()
        kafka = access.open_kafka(servers)
        partitions = _partitions(kafka, servers, topics)
        with kafka.consumer() as consumer:
            begins, ends = consumer.begins(partitions), consumer.ends(partitions)
            if since is not None:
                # Behind the last record of before that time there may be none.
                begins = {**ends, **consumer.offsets_at(partitions, since)}
        found = [OffsetRange(each, min(begins[each], ends[each]), ends[each]) for each in partitions]
        return cls(servers, access, tuple(_first(found, most)))

    @property
    def count(self) -> int:
        """See `EventSource.count`."""
        return sum(each.length for each in self.ranges)

    @property
    def size(self) -> int:
        """See `EventSource.size`."""
        return self.count * GUESSED_EVENT_BYTES

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`.

        Raises:
            UsageError: it takes schemas to read the records, and nothing is said of where they are.
            OutsideError: Kafka doesn't answer any more, or has deleted what is to be read.
        """
        start, stop = max(start, 0), min(stop, self.count)
        if start < stop:
            reader = MessageReader(self.servers, self.access.schemas())
            with self.access.open_kafka(self.servers).consumer() as consumer:
                yield from paged(self._items(consumer, reader, start, stop), stop)

    def _items(
        self, consumer: Consumer, reader: MessageReader, start: int, stop: int
    ) -> Iterator[tuple[int, SourceItem]]:
        wanted: list[tuple[int, OffsetRange]] = []
        first = 0
        for each in self.ranges:
            part = each.part(start - first, stop - first)
            if part.length:
                wanted.append((first - each.begin, part))
            first += each.length
        _check_begins(consumer, {part.partition: part.begin for _, part in wanted})
        gaps: dict[Partition, int] = {}
        for before, part in wanted:
            for record in _records(consumer, part, gaps):
                item = reader.item(record)
                if item is not None:
                    yield before + record.offset, item
        # Markers and compaction leave gaps; so does what was deleted before it could be read.
        _check_begins(consumer, gaps)


def find_topics(admin: Admin, servers: str, patterns: Sequence[str]) -> list[Topic]:
    """The topics that are meant, each once.

    Args:
        admin: of their cluster.
        servers: its address, for messages.
        patterns: names of topics; a `*` in one stands for anything.

    Raises:
        OutsideError: there is none of a name or pattern, or too many; or Kafka doesn't answer or refuses.
    """
    there = admin.names()
    wanted = [name for pattern in patterns for name in sorted(_matching(there, pattern, servers))]
    if len(wanted) > MAX_KAFKA_TOPICS_READ:
        raise OutsideError(f"more than {MAX_KAFKA_TOPICS_READ:,} topics match; name fewer")
    described = admin.describe(wanted)
    return [described[name] for name in dict.fromkeys(wanted) if name in described]


def matches(name: str, pattern: str) -> bool:
    """Whether a topic is meant by a name or a pattern."""
    # Only the star is special in patterns of ours.
    quoted = pattern.replace("[", "[[]").replace("?", "[?]")
    return name == pattern or ("*" in pattern and fnmatchcase(name, quoted))


def _partitions(kafka: Kafka, servers: str, topics: Sequence[str]) -> list[Partition]:
    with kafka.admin() as admin:
        found = find_topics(admin, servers, topics)
    return [Partition(topic.name, number) for topic in found for number in range(topic.partitions)]


def _matching(there: set[str], pattern: str, servers: str) -> set[str]:
    found = {name for name in there if matches(name, pattern)}
    if not found:
        quoted = plain(pattern, MAX_QUOTED_CHARS)
        raise OutsideError(f"Kafka at {servers} has no topic {quoted} that may be seen; check its name")
    return found


def _first(ranges: Sequence[OffsetRange], most: int | None) -> Iterator[OffsetRange]:
    for each in ranges:
        found = each if most is None else each.part(0, most)
        if found.length:
            yield found
        most = None if most is None else most - found.length


def _records(consumer: Consumer, wanted: OffsetRange, gaps: dict[Partition, int]) -> Iterator[Received]:
    """What was committed in a range; the first offset that may be missing is put into `gaps`.

    Raises:
        KafkaUnreachableError: Kafka hands nothing over for a while.
    """
    partition, position = wanted.partition, wanted.begin
    consumer.assign({partition: position})
    until = time.monotonic() + EVENT_SOURCE_PATIENCE_SECONDS
    while position < wanted.end:
        records = [each for each in consumer.poll(_POLL_SECONDS) if each.partition == partition]
        before, position = position, consumer.position(partition)
        if position > before + len(records):
            gaps.setdefault(partition, before)
        yield from (record for record in records if record.offset < wanted.end)
        if position > before:
            until = time.monotonic() + EVENT_SOURCE_PATIENCE_SECONDS
        elif time.monotonic() > until:
            place = f"{partition.topic}/{partition.number} from {position} on"
            raise KafkaUnreachableError(f"Kafka hands over nothing of {place}")


def _check_begins(consumer: Consumer, positions: Mapping[Partition, int]) -> None:
    """See to it that what stands behind these offsets hasn't been deleted."""
    begins = consumer.begins(positions) if positions else {}
    for partition, position in positions.items():
        if begins[partition] > position:
            place = f"{partition.topic}/{partition.number} from {position} on"
            raise OutsideError(f"records of {place} were deleted before they were read; start again")
