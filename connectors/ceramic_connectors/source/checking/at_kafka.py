"""Does Kafka let us in, do the topics fit, and may we do there what a source does?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from ceramic_connectors.kafka.errors import KafkaUnreachableError
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Admin, Kafka, Message, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Security, Times
from ceramic_connectors.source.checking.findings import Finding, Side, failed, tried
from ceramic_connectors.source.checking.running_there import check_running
from ceramic_connectors.source.checking.topics_there import check_topics, topics_of
from ceramic_connectors.source.checking.way_in import check_certificates, hint
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.topics import Topics
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import KAFKA_CHECK_SECONDS

_PROBE = b"written by `ceramic-streams source check`"


def check_kafka(config: SourceConfig, network: str | None, *, may_write: bool) -> Iterator[Finding]:
    """The way in, topics, transactions.

    Args:
        config: of the source.
        network: the node's; None if it isn't known, and neither are names of topics.
        may_write: whether a topic may be made, written and deleted.
    """
    settings = replace(config.kafka_settings(), times=Times(connect=KAFKA_CHECK_SECONDS))
    security = settings.security
    if security.authority is not None or security.certificate is not None:
        files = tried(Side.KAFKA, "certificates", lambda: check_certificates(security))
        yield files
        if files.error is not None:
            return
    try:
        kafka = open_kafka(settings, config.kafka_library)
        admin = kafka.admin()
    except CeramicError as error:
        yield failed(Side.KAFKA, "reachable", error, _hint(error, settings))
        return
    with admin:
        way = _way_in(security)
        yield Finding(Side.KAFKA, "reachable", f"{config.kafka} lets us in ({way})")
        topics = topics_of(config, network)
        yield tried(Side.KAFKA, "topics", lambda: check_topics(admin, topics, config))
        yield tried(Side.KAFKA, "running", lambda: check_running(kafka, admin, topics.heartbeats, config))
        if may_write:
            yield from _check_writing(kafka, admin, config, topics)
        else:
            yield tried(Side.KAFKA, "transactions", lambda: _allowed(kafka, config))


def _hint(error: CeramicError, settings: KafkaSettings) -> str:
    return hint(settings) if isinstance(error, KafkaUnreachableError) else ""


def _way_in(security: Security) -> str:
    if security.mechanism is not None:
        return f"{security.protocol}, {security.mechanism}"
    return f"{security.protocol} with a certificate" if security.certificate else security.protocol


def _check_writing(kafka: Kafka, admin: Admin, config: SourceConfig, topics: Topics) -> Iterator[Finding]:
    """Make a topic like those of a source, write into it, and delete it."""
    name = f"{config.prefix}.check-{secrets.token_hex(4)}"
    like = topics.topic(topics.events("check", None))
    made = tried(Side.KAFKA, "create", lambda: _made(admin, replace(like, name=name)))
    yield made
    if made.error is not None:
        yield tried(Side.KAFKA, "transactions", lambda: _allowed(kafka, config))
        return
    try:
        yield tried(Side.KAFKA, "transactions", lambda: _written(kafka, config, name))
    finally:
        gone = tried(Side.KAFKA, "delete", lambda: _deleted(admin, name))
    if gone.error is not None:
        yield gone


def _made(admin: Admin, topic: Topic) -> str:
    admin.create([topic])
    copies = "as many copies as the broker makes" if topic.replication < 0 else f"{topic.replication} copies"
    return f"topics can be made, with {topic.partitions} partitions and {copies}"


def _written(kafka: Kafka, config: SourceConfig, topic: str) -> str:
    with kafka.producer(_transactional_id(config)) as producer:
        producer.write([Message(topic, _PROBE)])
    return "a record was written in a transaction"


def _allowed(kafka: Kafka, config: SourceConfig) -> str:
    kafka.producer(_transactional_id(config)).close()
    return f"transactional ids such as {_transactional_id(config)} are allowed"


def _deleted(admin: Admin, name: str) -> str:
    admin.delete([name])
    return f"{name} was deleted"


def _transactional_id(config: SourceConfig) -> str:
    # Not one of a task's: whoever opens that shuts a running source out.
    return f"ceramic-source-{config.name}-check"
