"""Topics that a source writes to, which it may not read: it would feed itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ceramic_connectors.event_sources.topics import matches
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.topics import Topics
from ceramic_protocol.errors import UsageError


class OwnTopics(NamedTuple):
    """The topics of one source, those that it hasn't made yet among them; can be pickled.

    Attributes:
        cluster: what the cluster calls itself that they are in.
        topics: their names.
    """

    cluster: str
    topics: Topics

    def check(self, cluster: str, patterns: Sequence[str], names: Iterable[str]) -> None:
        """See to it that none of them is read.

        Args:
            cluster: what the cluster calls itself that is read.
            patterns: the names and patterns that are asked for.
            names: of the topics that these mean now.

        Raises:
            UsageError: one is.
        """
        if cluster != self.cluster:
            return
        meant = [each for each in self._some() if any(matches(each, pattern) for pattern in patterns)]
        found = next((each for each in (*names, *meant) if self._has(each)), None)
        if found is not None:
            raise UsageError(
                f"{found} is a topic of this source itself, on the same cluster: it would read what it"
                " writes, without end. Name other topics, or give it another --prefix"
            )

    def _some(self) -> Iterator[str]:
        """Names of each kind, as they will be if they aren't there yet."""
        topics = self.topics
        yield from (topics.events("model", None), topics.states("model", None))
        yield from (topics.dead_letters, topics.heartbeats, topics.positions)

    def _has(self, name: str) -> bool:
        return self.topics.has(name) or name == self.topics.positions


def own_topics(config: SourceConfig, network: str) -> OwnTopics:
    """The topics that a source writes to; asks Kafka which cluster it is.

    Raises:
        KafkaError: it doesn't answer, or refuses.
        UsageError: names would be too long, or the library isn't installed.
    """
    with open_kafka(config.kafka_settings(), config.kafka_library).admin() as admin:
        return OwnTopics(admin.cluster_id(), Topics(config.prefix, network))
