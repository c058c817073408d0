"""The parts of a source, from its configuration."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.passwords import read_password
from ceramic_connectors.kafka.port import Kafka
from ceramic_connectors.records.form import Form
from ceramic_connectors.source.apart import ComposerProcess
from ceramic_connectors.source.choices import Delivery, Include, Writes
from ceramic_connectors.source.composing import Composer, Pace, Signalling
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.dead_letters import Letter
from ceramic_connectors.source.delivery import AtLeastOnce, ExactlyOnce, Writers
from ceramic_connectors.source.filled import UNFILLED, Filled
from ceramic_connectors.source.foreign.client import OneClient
from ceramic_connectors.source.foreign.foreign_origin import ForeignOrigin
from ceramic_connectors.source.foreign.inspecting import Inspector
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_connectors.source.forms import form_of
from ceramic_connectors.source.heartbeat import Heartbeat
from ceramic_connectors.source.making import Maker, Origins
from ceramic_connectors.source.node_origin import NodeOrigin, Wanted
from ceramic_connectors.source.origin import Feed, Origin
from ceramic_connectors.source.positions import Positions
from ceramic_connectors.source.progress import Progress
from ceramic_connectors.source.recognising import Kind, recognise
from ceramic_connectors.source.refused.refused_origin import RefusedOrigin
from ceramic_connectors.source.share import Share
from ceramic_connectors.source.task import Task
from ceramic_connectors.source.topic_maker import TopicMaker
from ceramic_connectors.source.topics import Shape, Topics
from ceramic_protocol.networks import Network
from ceramic_protocol.verify import Verifier

_FEEDS = {
    Writes.EVENTS: (Feed.EVENTS,),
    Writes.STATES: (Feed.CHANGES,),
    Writes.BOTH: (Feed.EVENTS, Feed.CHANGES),
}
_WITH_CAR = frozenset({Include.CAR, Include.FULL})
_WITH_PAYLOAD = frozenset({Include.PAYLOAD, Include.FULL})


def feeds_of(config: SourceConfig, filled: Filled) -> tuple[Feed, ...]:
    """Which feeds are read."""
    feeds = _FEEDS[config.write]
    has_refused = filled.refused is not None and config.dead_letters and Feed.EVENTS in feeds
    return (*feeds, Feed.REFUSED) if has_refused else feeds


def topics_of(config: SourceConfig, network: str) -> Topics:
    """The topics."""
    retention = -1 if config.retention is None else config.retention * 1000
    return Topics(config.prefix, network, Shape(config.partitions, config.replication, retention))


@dataclass(frozen=True, slots=True)
class OpenOrigin:
    """Opens what is read; a ceramic-one with processes that verify."""

    config: SourceConfig
    workers: Workers | None = None
    filled: Filled = UNFILLED

    def __call__(self) -> Origin:
        """An origin that nothing was asked of yet.

        Raises:
            UsageError: the address or the place of the token makes no sense.
        """
        config, endpoint = self.config, Endpoint.parse(self.config.source)
        wanted = Wanted(config.model, config.stream, config.controller, _included(config))
        if self.workers is not None:
            return ForeignOrigin(OneClient(endpoint, _token(config)), self.workers, wanted)
        node = NodeOrigin(endpoint, wanted, _token(config))
        return node if self.filled.refused is None else RefusedOrigin(node, self.filled.refused)


def kind_of(config: SourceConfig) -> Kind:
    """How what answers at the address is to be read.

    Raises:
        OutsideError: nothing, now, or nothing that could be read.
        UsageError: the address or the place of the token makes no sense.
    """
    found = recognise(Endpoint.parse(config.source), _token(config))
    return Kind.CERAMIC_ONE if config.verify else found


@contextmanager
def opening(
    config: SourceConfig,
    kind: Kind,
    network: str | None,
    tell: Callable[[str], None],
    filled: Filled = UNFILLED,
) -> Iterator[OpenOrigin]:
    """What opens the origins of a source, until the block ends.

    Args:
        config: its configuration.
        kind: of what is read.
        network: what its anchors may lie on, once that is known.
        tell: is told of processes that end.
        filled: how a node was filled for the source, if it was.
    """
    if kind is Kind.OURS:
        yield OpenOrigin(config, filled=filled)
        return
    verifier = Verifier(network=None if network is None else Network.parse(network))
    inspector = Inspector(verifier, config.include in _WITH_PAYLOAD)
    with Workers(inspector, config.verifiers, tell=tell) as workers:
        yield OpenOrigin(config, workers)


def _included(config: SourceConfig) -> str:
    """How much of an event is read: dead letters need the bytes, whatever records have."""
    if config.include in _WITH_CAR or config.dead_letters:
        return "full" if config.include in _WITH_PAYLOAD else "car"
    return str(config.include)


def _token(config: SourceConfig) -> str | None:
    return None if config.node_token is None else str(read_password(config.node_token))


def positions_of(config: SourceConfig, kafka: Kafka, topics: Topics) -> Positions:
    """Where positions are kept."""
    return Positions(kafka, topics.positions, config.name)


def writers_of(config: SourceConfig, kafka: Kafka) -> Writers:
    """Who writes."""
    if config.delivery is Delivery.AT_LEAST_ONCE:
        return AtLeastOnce(kafka)
    return ExactlyOnce(kafka, config.name)


class Job(NamedTuple):
    """What a task is to do: its number, that of the plan, and of which node; can be pickled."""

    config: SourceConfig
    kind: Kind
    task: int
    plan: int
    network: str
    filled: Filled = UNFILLED


@dataclass(frozen=True, slots=True)
class BuildComposer:
    """Builds the composer of a job, see `apart.Build`."""

    job: Job

    @contextmanager
    def __call__(self, tell: Callable[[str], None]) -> Iterator[Composer]:
        """The composer, with everything that it needs of its own."""
        config, kind, number, _plan, network, filled = self.job
        kafka = open_kafka(config.kafka_settings(), config.kafka_library)
        topics, form, topic = topics_of(config, network), form_of(config), config.signal_topic
        with opening(config, kind, network, tell, filled) as open_origin:
            yield Composer(
                positions_of(config, kafka, topics),
                Share(number, _maker(config, number, topics, form)),
                open_origin=open_origin,
                name=config.name,
                pace=Pace(config.batch, config.linger),
                heartbeat=Heartbeat(topics.heartbeats, config.name, number, form, config.heartbeat),
                signalling=None if topic is None else Signalling(kafka, topic),
                tell=tell,
                is_bounded=filled.is_bounded,
            )


def task_of(job: Job, composer: ComposerProcess, stopping: threading.Event, progress: Progress) -> Task:
    """A task, with everything that it needs of its own."""
    config = job.config
    kafka = open_kafka(config.kafka_settings(), config.kafka_library)
    topics = topics_of(config, job.network)
    return Task(
        writers_of(config, kafka),
        positions_of(config, kafka, topics),
        TopicMaker(kafka, topics),
        composer,
        progress,
        number=job.task,
        plan=job.plan,
        stopping=stopping,
    )


def _maker(config: SourceConfig, number: int, topics: Topics, form: Form) -> Maker:
    version = importlib.metadata.version("ceramic-streams")
    letters = Letter(topics.dead_letters, config.name, number) if config.dead_letters else None
    origins = Origins(version, config.name, topics.network)
    return Maker(topics, origins, form, config.include in _WITH_CAR, letters)
