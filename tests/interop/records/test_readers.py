"""Records that the port to Kafka wrote, with schemas in Apicurio's registry, in the hands of others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.form import Form, FormName, open_form
from ceramic_connectors.records.registry import Registry
from ceramic_protocol.records import EVENT, RECORDS, STATE
from ceramic_protocol.tables import Field, Table
from infra.services import java
from tests.connectors.records.rows import sample, with_more
from tests.interop.records import running
from tests.support.services import check, shared_registry

MANY = 300


@pytest.fixture
def form() -> Form:
    return open_form(FormName.AVRO, Registry(shared_registry()))


def confluents() -> Any:
    """Confluent's Avro, and a client of the registry."""
    avro = pytest.importorskip(
        "confluent_kafka.schema_registry.avro",
        reason="confluent-kafka's Avro isn't installed: pip install 'confluent-kafka[avro]'",
    )
    registry = pytest.importorskip("confluent_kafka.schema_registry")
    return avro, registry.SchemaRegistryClient({"url": shared_registry()})


def values_of(topic: str) -> Any:
    """What Confluent's libraries are told: these are the values of a topic."""
    serialization = pytest.importorskip("confluent_kafka.serialization")
    return serialization.SerializationContext(topic, serialization.MessageField.VALUE)


@pytest.mark.parametrize("table", [EVENT, STATE], ids=lambda table: table.name)
def test_confluents_deserializer(form: Form, table: Table) -> None:
    avro, client = confluents()
    topic = running.new_topic(table.name.lower())
    rows = [sample(table, number) for number in range(MANY)]
    running.write(form, table, topic, rows)
    context = values_of(topic)
    for theirs in (
        avro.AvroDeserializer(client),
        avro.AvroDeserializer(client, avro_schema(table)),
    ):
        assert [theirs(record.value, context) for record in running.read(topic)] == rows
    known = client.get_latest_version(f"{topic}-value")
    assert (known.version, json.loads(known.schema.schema_str)) == (1, json.loads(avro_schema(table)))
    serializer = avro.AvroSerializer(client, avro_schema(table), conf={"auto.register.schemas": False})
    ours = [record.value for record in running.read(topic)]
    assert [serializer(row, context) for row in rows] == ours


def test_confluents_deserializer_between_versions(form: Form) -> None:
    avro, client = confluents()
    second = with_more(EVENT, Field("novel", "utf8", True, "what a second version has"))
    topic = running.new_topic("versions")
    old, new = sample(EVENT), {**sample(second), "novel": "new"}
    running.write(form, EVENT, topic, [old])
    running.write(form, second, topic, [new])
    as_old = [old, {name: new[name] for name in EVENT.names}]
    for table, expected in ((EVENT, as_old), (second, [{**old, "novel": None}, new])):
        theirs = avro.AvroDeserializer(client, avro_schema(table))
        assert [theirs(record.value, values_of(topic)) for record in running.read(topic)] == expected


def test_java_without_its_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    (tmp_path / "java").symlink_to(str(shutil.which("java")))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "without its compiler" in (java.no_compiler() or "")


@pytest.mark.parametrize("table", [EVENT, STATE], ids=lambda table: table.name)
def test_a_consumer_in_java(form: Form, table: Table) -> None:
    topic = running.new_topic(table.name.lower())
    rows = [sample(table, number) for number in range(MANY)]
    running.write(form, table, topic, rows)
    lines = running.read_by_java(shared_registry(), topic)
    assert [line["record"] for line in lines] == [running.as_java_prints(row) for row in rows]
    assert [line["key"] for line in lines] == [row["stream_id"] for row in rows]
    assert {line["name"] for line in lines} == {f"ceramic.{table.name}"}
    assert [list(line["record"]) for line in lines[:1]] == [list(table.names)]


@pytest.mark.parametrize("name", FormName)
@pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
def test_every_form_through_kafka(name: FormName, table: Table) -> None:
    form = open_form(name, Registry(shared_registry()))
    topic = running.new_topic(f"{table.name.lower()}.{name}")
    rows = [{**sample(table, number)} for number in range(20)]
    running.write(form, table, topic, rows)
    records = list(running.read(topic))
    reader = open_form(name, Registry(shared_registry()))
    found = [reader.decode(table, topic, record.value or b"", record.headers) for record in records]
    assert found == rows
