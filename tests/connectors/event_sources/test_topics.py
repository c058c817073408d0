"""Topics of a real broker, held to what every source promises."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from ceramic_connectors.event_sources.access import Access
from ceramic_connectors.event_sources.consumer_config import way_in
from ceramic_connectors.event_sources.topics import TopicEvents
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Kafka, Message, Partition, Topic
from ceramic_connectors.kafka.settings import KafkaSettings, Mechanism
from ceramic_connectors.records.form import FormName
from ceramic_connectors.source.choices import Include, Writes
from ceramic_connectors.sources import open_source
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.ports import Damage, EventSource, RawEvent
from tests.connectors.event_sources.source_contract import SourceContract, items_of, signed_events
from tests.connectors.event_sources.test_nodes import submit_all
from tests.connectors.source.running import config_for, running_source
from tests.node.http.v1.making import NOTES, chain
from tests.support.node import running_node
from tests.support.services import shared_broker

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

_NUMBERS = count()
_PARTITIONS = 3
_TRANSACTION = 90


def new_name() -> str:
    return f"events-{os.getpid()}-{next(_NUMBERS)}"


def connect() -> Kafka:
    return open_kafka(KafkaSettings(shared_broker().plain))


def make_topic(name: str, partitions: int = 1, **settings: str) -> None:
    with connect().admin() as admin:
        admin.create([Topic(name, partitions, settings=settings)])


def write(messages: Sequence[Message]) -> None:
    """Write in transactions, whose markers take offsets too."""
    name = messages[0].topic
    partitions = {Partition(message.topic, message.partition or 0) for message in messages}
    with connect().producer(name, partitions) as producer:
        for start in range(0, len(messages), _TRANSACTION):
            producer.write(messages[start : start + _TRANSACTION])
    # A commit is certain before its markers are there; a new producer waits for them.
    connect().producer(name, partitions).close()


class TestTopics(SourceContract):
    library: ClassVar = Library.KAFKA_PYTHON

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        del folder
        name = new_name()
        make_topic(name, _PARTITIONS)
        messages = [
            Message(name, event.car, partition=number % _PARTITIONS) for number, event in enumerate(events)
        ]
        if messages:
            write(messages)
        yield TopicEvents.open(shared_broker().plain, [name], Access(kafka_library=cls.library))

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        del folder
        name = new_name()
        make_topic(name)
        values = [before.car, b'{"event_cid": "x"}', after.car]
        write([Message(name, value) for value in values])
        yield TopicEvents.open(shared_broker().plain, [name], Access(kafka_library=cls.library))

    @classmethod
    def in_order(cls, events: Sequence[BuiltEvent]) -> Sequence[BuiltEvent]:
        return [event for number in range(_PARTITIONS) for event in events[number::_PARTITIONS]]


class TestTopicsThroughConfluent(TestTopics):
    library: ClassVar = Library.CONFLUENT


@pytest.mark.parametrize("form", FormName)
def test_records_of_the_source_are_read_in_each_form(
    tmp_path: Path, form: FormName, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemas = tmp_path / "schemas" if form is FormName.AVRO else None
    with running_node(tmp_path / "node") as node:
        submit_all(node, [NOTES, *chain(3)])
        config = config_for(node, form=form, schema_folder=schemas, write=Writes.EVENTS)
        with running_source(config) as source:
            source.wait_for(events=4)
    uri = f"kafka://{shared_broker().plain}/{config.prefix}.*.events"
    if schemas is not None:
        with pytest.raises(UsageError, match="CERAMIC_STREAMS_SCHEMA_FOLDER"):
            list(open_source(uri, tmp_path).read(0, 1))
        monkeypatch.setenv("CERAMIC_STREAMS_SCHEMA_FOLDER", str(schemas))
    found = items_of(open_source(uri, tmp_path), 0, 1_000)
    assert {(item.cid, item.car) for item in found if isinstance(item, RawEvent)} == {
        (event.cid, event.car) for event in [NOTES, *chain(3)]
    }
    assert len(found) == 4


def test_records_without_cars_say_so(tmp_path: Path) -> None:
    with running_node(tmp_path / "node") as node:
        submit_all(node, [NOTES])
        config = config_for(node, include=Include.PAYLOAD, write=Writes.EVENTS)
        with running_source(config) as source:
            source.wait_for(events=1)
    (found,) = items_of(
        open_source(f"kafka://{config.kafka}/{config.prefix}.inmemory.model.events", tmp_path), 0, 100
    )
    assert isinstance(found, Damage)
    assert found.detail == (
        f"the record of {NOTES.cid} has no CAR; the Kafka source writes it with --include car or full"
    )


def test_places_tombstones_and_the_end_when_it_was_opened(tmp_path: Path) -> None:
    name = new_name()
    make_topic(name)
    write([Message(name, NOTES.car), Message(name, None, b"key"), Message(name, chain(1)[0].car)])
    uri = f"kafka://{shared_broker().plain}/{name}"
    source = open_source(uri, tmp_path)
    write([Message(name, chain(1, 7)[0].car)])
    found = items_of(source, 0, source.count)
    assert [(item.source, item.position) for item in found] == [(f"{uri}/0", 0), (f"{uri}/0", 2)]


def test_what_is_not_committed_is_not_read(tmp_path: Path) -> None:
    name = new_name()
    make_topic(name)
    write([Message(name, NOTES.car)])

    class NothingMoreError(Exception):
        pass

    def messages() -> Iterator[Message]:
        yield Message(name, chain(1)[0].car)
        raise NothingMoreError

    with connect().producer(name) as producer, pytest.raises(NothingMoreError):
        producer.write(messages())
    connect().producer(name, [Partition(name, 0)]).close()
    source = open_source(f"kafka://{shared_broker().plain}/{name}", tmp_path)
    assert [item.position for item in items_of(source, 0, source.count)] == [0]


def test_from_a_time_on_and_no_more_than_so_many() -> None:
    name = new_name()
    make_topic(name, 2)
    now = time.time_ns() // 1_000_000
    write(
        [
            Message(name, event.car, partition=number % 2, timestamp_ms=now - 10_000 + number * 1000)
            for number, event in enumerate(signed_events()[:10])
        ]
    )
    for library in Library:
        access = Access(kafka_library=library)
        servers = shared_broker().plain
        late = TopicEvents.open(servers, [name], access, since=now - 3_000)
        assert {item.car for item in items_of(late, 0, late.count) if isinstance(item, RawEvent)} == {
            event.car for event in signed_events()[7:10]
        }
        assert TopicEvents.open(servers, [name], access, since=now + 10**9).count == 0
        few = TopicEvents.open(servers, [name], access, most=7)
        assert few.count == 7
        assert len(items_of(few, 0, 7)) in {6, 7}


def test_what_was_deleted_is_an_error(tmp_path: Path) -> None:
    name = new_name()
    make_topic(name)
    write([Message(name, event.car) for event in signed_events()[:200]])
    source = open_source(f"kafka://{shared_broker().plain}/{name}", tmp_path)
    with connect().admin() as admin:
        admin.delete_records({Partition(name, 0): 50})
    with pytest.raises(OutsideError, match="were deleted before they were read"):
        items_of(source, 0, source.count)
    assert len(items_of(source, 60, source.count)) > 100


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("kafka://{}", "kafka://HOST:PORT/TOPIC"),
        ("kafka://{}/", "kafka://HOST:PORT/TOPIC"),
        ("kafka:///topic", "no list of brokers"),
        ("kafka://nowhere/topic", "is no address"),
        ("kafka://{}/none-{{}}", "has no topic none-"),
        ("kafka://{}/none-*", "has no topic none-*"),
    ],
)
def test_addresses_that_are_none(tmp_path: Path, uri: str, told: str) -> None:
    with pytest.raises((UsageError, OutsideError)) as caught:
        open_source(uri.format(shared_broker().plain), tmp_path)
    assert told in str(caught.value)


def test_a_star_means_all_that_fit(tmp_path: Path) -> None:
    name = new_name()
    for ending in ("a.events", "b.events", "b.state"):
        make_topic(f"{name}.{ending}")
        write([Message(f"{name}.{ending}", NOTES.car)])
    uri = f"kafka://{shared_broker().plain}/{name}.*.events,{name}.b.events"
    found = items_of(open_source(uri, tmp_path), 0, 100)
    assert [item.source.split("/")[-2] for item in found] == [f"{name}.a.events", f"{name}.b.events"]


def test_what_a_consumer_is_told() -> None:
    found = way_in(
        {
            "bootstrap.servers": "a.example:9093,b.example:9093",
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": "ca.pem",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "me",
            "sasl.password": "env:WORD",
        }
    )
    assert found.servers == "a.example:9093,b.example:9093"
    security = found.access.kafka_settings(found.servers).security
    assert (security.tls, security.mechanism, security.user) == (True, Mechanism.SCRAM_SHA_512, "me")
    for wrong, told in [
        ({}, "lacks bootstrap.servers"),
        ({"group.id": "x"}, "group.id"),
        ({"bootstrap.servers": "a:1", "security.protocol": "TLS"}, "is one of PLAINTEXT"),
        ({"bootstrap.servers": "a:1", "security.protocol": "SASL_SSL"}, "doesn't fit"),
        ({"bootstrap.servers": "a:1", "sasl.mechanism": "PLAIN"}, "doesn't fit"),
        ({"bootstrap.servers": "a:1", "ssl.ca.location": "x"}, "TLS|tls"),
    ]:
        with pytest.raises(UsageError, match=told):
            way_in(wrong)
    with pytest.raises(UsageError, match="file:PATH or env:NAME") as caught:
        way_in(
            {
                "bootstrap.servers": "a:1",
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "PLAIN",
                "sasl.username": "me",
                "sasl.password": "hunter2",
            }
        )
    assert "hunter2" not in str(caught.value)
