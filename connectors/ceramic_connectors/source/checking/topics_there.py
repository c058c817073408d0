"""Topics that are there already: do they have the settings that a source needs?"""

from __future__ import annotations

from typing import Final

from ceramic_connectors.kafka.errors import KafkaRefusedError
from ceramic_connectors.kafka.port import Admin, Topic
from ceramic_connectors.source.choices import Writes
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.topics import Shape, Topics

_POLICY: Final = "cleanup.policy"
_COMPACT: Final = "compact"
_USUAL: Final = "delete"
_INSTANCE: Final = "MID"
_UNKNOWN: Final = "unknown"


def topics_of(config: SourceConfig, network: str | None) -> Topics:
    """The topics of a source on a network, or on one that isn't known."""
    retention = -1 if config.retention is None else config.retention * 1000
    shape = Shape(config.partitions, config.replication, retention)
    return Topics(config.prefix, network or _UNKNOWN, shape)


def check_topics(admin: Admin, topics: Topics, config: SourceConfig) -> str:
    """How many of the topics that can be named beforehand are there.

    Raises:
        KafkaError: they can't be listed, or one of them doesn't fit.
    """
    wanted = {name: topics.topic(name) for name in _names(topics, config)}
    there = admin.describe(wanted)
    for name, found in there.items():
        _check_fits(found, wanted[name], config.tasks)
    missing = len(wanted) - len(there)
    beside = "" if config.model else ", beside those for each model or type"
    return f"{len(there)} are there and fit, {missing} are to be made{beside}"


def _names(topics: Topics, config: SourceConfig) -> list[str]:
    found = [topics.positions]
    if config.heartbeat:
        found.append(topics.heartbeats)
    if config.signal_topic is not None:
        found.append(config.signal_topic)
    if topics.network == _UNKNOWN:
        return found
    if config.dead_letters:
        found.append(topics.dead_letters)
    if config.write is not Writes.STATES:
        found += [topics.events(_INSTANCE, model) for model in config.model]
    if config.write is not Writes.EVENTS:
        found += [topics.states(_INSTANCE, model) for model in config.model]
    return list(dict.fromkeys(found))


def _check_fits(found: Topic, wanted: Topic, tasks: int) -> None:
    policy = found.settings.get(_POLICY, _USUAL)
    needed = wanted.settings.get(_POLICY, _USUAL)
    if (_COMPACT in policy) != (needed == _COMPACT):
        raise KafkaRefusedError(
            f"the topic {found.name} has {_POLICY}={policy} and needs {needed}: change it with kafka-configs,"
            " or take another --prefix"
        )
    if wanted.partitions > tasks > found.partitions:
        raise KafkaRefusedError(
            f"the topic {found.name} has {found.partitions} partitions, fewer than --tasks {tasks}: add some"
            " with kafka-topics, or take another --prefix"
        )
