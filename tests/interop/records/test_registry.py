"""Apicurio's registry: what it is told, and what it judges of versions of our schemas."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.compatible import fault
from ceramic_connectors.records.errors import SchemaIncompatibleError, SchemaInvalidError, SchemaUnknownError
from ceramic_connectors.records.form import FormName, open_form
from ceramic_connectors.records.registry import Registry
from ceramic_protocol.records import EVENT, HEARTBEAT, RECORDS
from ceramic_protocol.tables import Field, Table
from tests.connectors.records.rows import sample, with_more, without
from tests.interop.records import running
from tests.support.services import shared_registry

SECOND = with_more(EVENT, Field("novel", "utf8", True, "what a second version has"))
BREAKING = with_more(EVENT, Field("novel", "utf8", False, "without a default"))


def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
    parts = urlsplit(shared_registry())
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        kind = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        connection.request(method, parts.path + path, json.dumps(body) if body else None, kind)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_new_subject() -> None:
    registry = Registry(shared_registry())
    subject = f"{running.new_topic('new')}-value"
    assert ask("GET", f"/subjects/{subject}/versions")[0] == 404
    number = registry.id_of(subject, avro_schema(EVENT))
    assert ask("GET", f"/subjects/{subject}/versions") == (200, [1])
    assert ask("GET", f"/config/{subject}")[1]["compatibilityLevel"] == "BACKWARD_TRANSITIVE"
    found = Registry(shared_registry()).schema_of(number)
    assert json.loads(found) == json.loads(avro_schema(EVENT))
    assert Registry(shared_registry()).id_of(subject, avro_schema(EVENT)) == number
    assert ask("GET", f"/subjects/{subject}/versions") == (200, [1])


def test_a_start_that_was_broken_off() -> None:
    """The level is there and no version yet; another process goes on from there."""
    subject = f"{running.new_topic('broken')}-value"
    assert ask("PUT", f"/config/{subject}", {"compatibility": "BACKWARD_TRANSITIVE"})[0] == 200
    Registry(shared_registry()).id_of(subject, avro_schema(EVENT))
    assert ask("GET", f"/subjects/{subject}/versions") == (200, [1])
    assert ask("GET", f"/config/{subject}")[1]["compatibilityLevel"] == "BACKWARD_TRANSITIVE"


def test_a_level_that_stays_as_it_is() -> None:
    subject = f"{running.new_topic('level')}-value"
    Registry(shared_registry(), compatibility=None).id_of(subject, avro_schema(EVENT))
    ask("PUT", f"/config/{subject}", {"compatibility": "FULL"})
    Registry(shared_registry()).id_of(subject, avro_schema(SECOND))
    assert ask("GET", f"/config/{subject}")[1]["compatibilityLevel"] == "FULL"


def test_what_it_doesn_t_have_or_take() -> None:
    registry = Registry(shared_registry())
    with pytest.raises(SchemaUnknownError, match="has no schema 123456789"):
        registry.schema_of(123_456_789)
    with pytest.raises(SchemaInvalidError, match="odd-value"):
        registry.id_of("odd-value", '{"type":"nothing"}')


def test_a_second_version(tmp_path: Path) -> None:
    """It is compatible in the registry's eyes, and old and new readers read old and new records."""
    registry = Registry(shared_registry())
    topic = running.new_topic("versions")
    subject = f"{topic}-value"
    rows = [sample(EVENT, number) for number in range(20)]
    form = open_form(FormName.AVRO, registry)
    running.write(form, EVENT, topic, rows)

    said = ask("POST", f"/compatibility/subjects/{subject}/versions/latest", {"schema": avro_schema(SECOND)})
    assert said == (200, {"is_compatible": True})
    new_rows = [{**sample(SECOND, number), "novel": f"new {number}"} for number in range(20)]
    running.write(form, SECOND, topic, new_rows)
    assert ask("GET", f"/subjects/{subject}/versions") == (200, [1, 2])

    as_new = [{**row, "novel": None} for row in rows] + new_rows
    as_old = rows + [{name: row[name] for name in EVENT.names} for row in new_rows]
    reader = open_form(FormName.AVRO, Registry(shared_registry()))
    for table, expected in ((EVENT, as_old), (SECOND, as_new)):
        found = [reader.decode(table, topic, record.value or b"", ()) for record in running.read(topic)]
        assert found == expected
        file = tmp_path / f"{len(table.fields)}.avsc"
        file.write_text(avro_schema(table), encoding="utf-8")
        lines = running.read_by_java(shared_registry(), topic, file)
        assert [line["record"] for line in lines] == [running.as_java_prints(row) for row in expected]
        assert len({line["schema"] for line in lines}) == 2


def test_a_version_that_breaks_readers() -> None:
    topic = running.new_topic("breaking")
    subject = f"{topic}-value"
    form = open_form(FormName.AVRO, Registry(shared_registry()))
    running.write(form, EVENT, topic, [sample(EVENT)])
    said = ask(
        "POST", f"/compatibility/subjects/{subject}/versions/latest", {"schema": avro_schema(BREAKING)}
    )
    assert said == (200, {"is_compatible": False})
    assert ask("POST", f"/subjects/{subject}/versions", {"schema": avro_schema(BREAKING)})[0] == 409
    with pytest.raises(SchemaIncompatibleError) as raised:
        form.encode(BREAKING, topic, sample(BREAKING))
    assert raised.value.code == "schema_incompatible"
    assert subject in str(raised.value)
    assert "write to other topics" in str(raised.value)
    assert ask("GET", f"/subjects/{subject}/versions") == (200, [1])


CHANGES: dict[str, tuple[Table, Table]] = {
    "a field that may be null": (EVENT, SECOND),
    "a field without a default": (EVENT, BREAKING),
    "a list": (EVENT, with_more(EVENT, Field("novel", "list<utf8>", False, ""))),
    "a field less": (EVENT, without(EVENT, "car")),
    "a field less that has to be there": (EVENT, without(EVENT, "verdict")),
    "another type": (HEARTBEAT, with_more(without(HEARTBEAT, "name"), Field("name", "int64", False, ""))),
    "null for what wasn't": (
        HEARTBEAT,
        with_more(without(HEARTBEAT, "name"), Field("name", "utf8", True, "")),
    ),
    "no null for what was": (SECOND, BREAKING),
    "bytes for a text": (
        HEARTBEAT,
        with_more(without(HEARTBEAT, "name"), Field("name", "binary", False, "")),
    ),
    "another name": (HEARTBEAT, Table("Other", HEARTBEAT.fields)),
    "a list of a text": (
        HEARTBEAT,
        with_more(without(HEARTBEAT, "name"), Field("name", "list<utf8>", False, "")),
    ),
    **{f"{table.name} as it is": (table, table) for table in RECORDS},
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_folder_judges_as_the_registry_does(old: Table, new: Table) -> None:
    subject = f"{running.new_topic('judged')}-value"
    Registry(shared_registry()).id_of(subject, avro_schema(old))
    said = ask("POST", f"/compatibility/subjects/{subject}/versions/latest", {"schema": avro_schema(new)})
    found = fault(json.loads(avro_schema(new)), json.loads(avro_schema(old)))
    assert said == (200, {"is_compatible": found is None}), found
