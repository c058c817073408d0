"""What a form of records promises: rows become the bytes of messages, and bytes become rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from ceramic_connectors.records.schemas import Schemas
from ceramic_protocol.errors import UsageError
from ceramic_protocol.tables import Table


class Encoded(NamedTuple):
    """The value of a message, and the headers without which it couldn't be read."""

    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Form(Protocol):
    """A way to write rows of tables; for several threads at once, and to be pickled.

    A row is a dict by field name, a field of type `source` a dict within it. All fields are there, those that
    are null as None.
    """

    def encode(self, table: Table, topic: str, row: Mapping[str, Any]) -> Encoded:
        """A row as a message of a topic.

        Raises:
            RecordError: the row isn't one of that table: a field is missing, too many, or of another type.
            SchemasError: the form needs a schema's id, and there is none to be had.
        """
        ...

    def decode(
        self, table: Table, topic: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        """The row of a message, as this version knows its fields.

        What an older version didn't write is null, or empty for a list; what a newer one added is left out.

        Raises:
            RecordError: the message holds no such row.
            SchemasError: the form needs a schema, and nobody can be asked for it.
        """
        ...


class FormName(StrEnum):
    """The forms, by the names that settings use."""

    AVRO = "avro"
    JSON = "json"
    CLOUDEVENTS = "cloudevents"
    CLOUDEVENTS_STRUCTURED = "cloudevents-structured"


def open_form(name: FormName, schemas: Schemas | None = None) -> Form:
    """A form; no schema is asked for yet.

    Args:
        name: which one.
        schemas: where Avro keeps its schemas; other forms need none.

    Raises:
        UsageError: Avro has no place for its schemas, or its library isn't installed.
    """
    if name == FormName.AVRO:
        if schemas is None:
            raise UsageError("Avro needs a place for its schemas: the address of a registry, or a folder")
        from ceramic_connectors.records.avro import Avro

        return Avro(schemas)
    if name == FormName.JSON:
        from ceramic_connectors.records.plain_json import PlainJson

        return PlainJson()
    from ceramic_connectors.records.cloud_events import CloudEvents

    return CloudEvents(structured=name == FormName.CLOUDEVENTS_STRUCTURED)
