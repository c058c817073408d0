"""Topics of Kafka that are followed, with an offset for each partition."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ceramic_connectors.event_sources.access import Access
from ceramic_connectors.event_sources.messages import MessageReader
from ceramic_connectors.event_sources.topics import find_topics
from ceramic_connectors.kafka.addresses import TopicAddress
from ceramic_connectors.kafka.errors import KafkaUnreachableError
from ceramic_connectors.kafka.port import Admin, Consumer, Partition, Received
from ceramic_connectors.records.errors import SchemasUnreachableError
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.own_topics import OwnTopics, own_topics
from ceramic_connectors.source.uris import path_of
from ceramic_pipelines.private_node.following.offsets import Offsets
from ceramic_pipelines.private_node.following.port import Parcel, Place, Tell
from ceramic_pipelines.private_node.following.still_there import TopicsNow, deleted, go_on
from ceramic_protocol.limits import FOLLOWED_TOPICS_SECONDS, FOREIGN_POLL_SECONDS
from ceramic_protocol.networks import Network


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """See `port.Followable`.

    Attributes:
        address: of the topics.
        access: the way in.
        own: the topics of the source that follows them.
    """

    address: TopicAddress
    access: Access
    own: OwnTopics
    name: str = field(default="the topics", init=False)

    @classmethod
    def of(cls, config: SourceConfig, network: Network) -> KafkaTopics:
        """What a source is told to follow, which is looked at.

        Raises:
            UsageError: it writes to one of them itself; or what is said of the way in makes no sense.
            OutsideError: there is no such topic, or Kafka doesn't answer or refuses.
        """
        address = TopicAddress.parse(path_of(config.source))
        found = cls(address, Access.from_environment(os.environ), own_topics(config, network.name))
        with found.access.open_kafka(address.servers).admin() as admin:
            found.look(admin)
        return found

    def look(self, admin: Admin) -> tuple[str, dict[str, tuple[str, int]]]:
        """What the cluster calls itself and, by its name, each topic, and its number of partitions.

        Raises:
            UsageError: one of them is the source's own.
            OutsideError: see `find_topics`.
        """
        servers, patterns = self.address
        cluster = admin.cluster_id()
        found = {each.name: (each.id, each.partitions) for each in find_topics(admin, servers, patterns)}
        self.own.check(cluster, patterns, found)
        return cluster, found

    def open(self, place: Place | None, tell: Tell) -> FollowedTopics:
        """See `Followable.open`."""
        return FollowedTopics(self, Offsets.read(place), tell)


class _Opened(NamedTuple):
    admin: Admin
    consumer: Consumer
    reader: MessageReader


class FollowedTopics:
    """See `port.Followed`. What was committed in each partition comes in order."""

    def __init__(self, topics: KafkaTopics, offsets: Offsets, tell: Tell) -> None:
        self._topics: Final = topics
        self._tell: Final = tell
        self._offsets = offsets
        self._stack: Final = ExitStack()
        self._opened: _Opened | None = None
        self._looked = 0.0
        self._ends: Mapping[Partition, int] | None = None

    def next(self) -> Parcel:
        """See `Followed.next`."""
        try:
            opened = self._looked_at()
            records = opened.consumer.poll(FOREIGN_POLL_SECONDS)
            items = [item for item in map(opened.reader.item, records) if item is not None]
            if self._has_moved_on(opened.consumer, records):
                return Parcel(items, self._offsets.written(), self._is_end())
        except (KafkaUnreachableError, SchemasUnreachableError):
            self.close()
            raise
        # The topic may be another one, which is looked at before it is read on.
        self.close()
        return Parcel((), self._offsets.written(), is_end=False)

    def close(self) -> None:
        """See `Followed.close`."""
        self._opened = None
        self._stack.close()

    def _looked_at(self) -> _Opened:
        """The way in, with the consumer where it goes on."""
        opened = self._opened
        if opened is None:
            opened = self._open()
        elif time.monotonic() < self._looked + FOLLOWED_TOPICS_SECONDS:
            return opened
        cluster, topics = self._topics.look(opened.admin)
        found = go_on(self._offsets, TopicsNow(cluster, topics), opened.consumer, self._tell)
        if self._opened is None or found != self._offsets:
            opened.consumer.assign(found.positions)
        self._end_at(opened.consumer, found)
        self._offsets, self._opened, self._looked = found, opened, time.monotonic()
        return opened

    def _open(self) -> _Opened:
        servers, access = self._topics.address.servers, self._topics.access
        kafka = access.open_kafka(servers)
        return _Opened(
            self._stack.enter_context(kafka.admin()),
            self._stack.enter_context(kafka.consumer()),
            MessageReader(servers, access.schemas()),
        )

    def _end_at(self, consumer: Consumer, found: Offsets) -> None:
        """Note what there is when it is looked at first; a topic that was made anew may have less."""
        if self._ends is None:
            self._ends = consumer.ends(found.positions)
        elif self._ends:
            now = consumer.ends(found.positions)
            self._ends = {each: min(end, now[each]) for each, end in self._ends.items() if each in now}

    def _is_end(self) -> bool:
        ends, positions = self._ends or {}, self._offsets.positions
        self._ends = {each: end for each, end in ends.items() if positions[each] < end}
        return not self._ends

    def _has_moved_on(self, consumer: Consumer, records: Sequence[Received]) -> bool:
        """Note how far it is now; False if a partition was thrown back, and nothing counts."""
        before = self._offsets.positions
        now = {each: consumer.position(each) for each in before}
        if any(now[each] < before[each] for each in before):
            return False
        first = {record.partition: record.offset for record in reversed(records)}
        gaps = [each for each in before if now[each] > before[each] != first.get(each)]
        # Markers of transactions and compaction leave gaps; so does what was deleted before it was read.
        begins = consumer.begins(gaps) if gaps else {}
        for each, begin in begins.items():
            if begin > before[each]:
                self._tell(deleted(each, before[each], begin))
        self._offsets = replace(self._offsets, positions=now)
        return True
