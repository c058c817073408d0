"""Topics of records on the shared services, written through the port to Kafka."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Message, Partition, Received, Topic
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_connectors.records.form import Form
from ceramic_protocol.tables import Table
from infra.services import java
from infra.services.jars import fetched
from tests.support.services import check, shared_broker, telling

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

_PROGRAM: Final = Path(__file__).parent.parent / "java_consumer" / "ReadRecords.java"
_JAVA_SECONDS: Final = 180
_NUMBERS: Final = count()


def new_topic(kind: str) -> str:
    """A topic with one partition that no other test has."""
    name = f"records.{os.getpid()}.{next(_NUMBERS)}.{kind}"
    with open_kafka(KafkaSettings(shared_broker().plain)).admin() as admin:
        admin.create([Topic(name)])
    return name


def write(form: Form, table: Table, topic: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows in one transaction, each under its key."""
    kafka = open_kafka(KafkaSettings(shared_broker().plain))
    with kafka.producer(topic) as producer:
        producer.write(message(form, table, topic, row) for row in rows)
    # A commit is certain before its markers are there; a new producer waits for them.
    kafka.producer(topic).close()


def message(form: Form, table: Table, topic: str, row: Mapping[str, Any]) -> Message:
    """What the source would write."""
    value, headers = form.encode(table, topic, row)
    return Message(topic, value, str(row.get("stream_id") or row["name"]).encode("utf-8"), headers)


def read(topic: str) -> Iterator[Received]:
    """What was written to a topic."""
    partition = Partition(topic, 0)
    with open_kafka(KafkaSettings(shared_broker().plain)).consumer() as consumer:
        consumer.assign({partition: None})
        end = consumer.ends([partition])[partition]
        while consumer.position(partition) < end:
            yield from consumer.poll(0.2)


def read_by_java(registry: str, topic: str, reader: Path | None = None) -> list[dict[str, Any]]:
    """What Avro's library for Java makes of a topic: key, id and name of the schema, and members."""
    check()
    reason = java.no_compiler()
    if reason is not None:
        pytest.skip(reason)
    with telling():
        jars = fetched("java_consumer")
    options = [*java.OPTIONS, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{jars}/*"]
    given = [shared_broker().plain, registry, topic, *([str(reader)] if reader else [])]
    done = subprocess.run(
        ["java", *options, str(_PROGRAM), *given],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=_JAVA_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_java_prints(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the program in Java prints it."""
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in row.items()
    }
