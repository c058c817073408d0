"""Bytes that should be records: a row, or a refusal. What was read can be written and read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Form, FormName, open_form
from ceramic_protocol.records import EVENT, RECORDS
from ceramic_protocol.tables import Table
from tests.connectors.records.rows import InMemory
from tests.fuzz.checks import check_message

TOPIC: Final = "fuzz"

_Headers = Sequence[tuple[str, bytes]]


@cache
def form_of(name: FormName) -> Form:
    """A form; the ids of the tables' schemas are 1, 2 and 3."""
    return open_form(name, InMemory(*map(avro_schema, RECORDS)))


def avro_record(data: bytes) -> None:
    """The bytes are the value of a message."""
    for table in RECORDS:
        _check(form_of(FormName.AVRO), table, data, ())


def avro_schemas(data: bytes) -> None:
    """The bytes are a writer's schema and, behind a line end, a record."""
    text, _, record = data.partition(b"\n")
    form = open_form(FormName.AVRO, InMemory(text.decode("utf-8", "surrogateescape")))
    _read(form, EVENT, b"\0\0\0\0\1" + record, ())


def json_record(data: bytes) -> None:
    """The bytes are the value of a message."""
    for table in RECORDS:
        _check(form_of(FormName.JSON), table, data, ())


def cloud_event(data: bytes) -> None:
    """The bytes are a value and, before it, lines of headers `name:value` that an empty one ends."""
    head, _, value = data.partition(b"\n\n")
    pairs = (line.partition(b":") for line in head.split(b"\n"))
    headers = [(name.decode("latin-1"), text) for name, _, text in pairs]
    for table in RECORDS:
        _read(form_of(FormName.CLOUDEVENTS), table, value, headers)


def _read(form: Form, table: Table, value: bytes, headers: _Headers) -> dict[str, object] | None:
    try:
        return form.decode(table, TOPIC, value, headers)
    except RecordError as error:
        check_message(str(error))
        return None


def _check(form: Form, table: Table, value: bytes, headers: _Headers) -> None:
    row = _read(form, table, value, headers)
    if row is not None:
        assert form.decode(table, TOPIC, *form.encode(table, TOPIC, row)) == row


RECORD_TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "avro-record": avro_record,
    "avro-schema": avro_schemas,
    "json-record": json_record,
    "cloud-event": cloud_event,
}
