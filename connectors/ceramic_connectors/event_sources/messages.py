"""Events from messages of Kafka: records of our source in each of their forms, and CARs as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ceramic_connectors.event_text import maybe_cid
from ceramic_connectors.kafka.port import Received
from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Form, FormName, open_form
from ceramic_connectors.records.schemas import Schemas
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_DAMAGE_BYTES, MAX_QUOTED_CHARS
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.records import EVENT

_AVRO: Final = b"\0"
_OBJECT: Final = b"{"
_FIRST_OF_CAR: Final = 0x80
_CID: Final = "ceramic.cid"
_CLOUD: Final = ("ce_", "content-type")


class MessageReader:
    """Reads messages, whatever form each has; for one thread at a time."""

    def __init__(self, servers: str, schemas: Schemas | None) -> None:
        """Say of which cluster they are, and where Avro's schemas are; nobody is asked yet."""
        self._servers = servers
        self._schemas = schemas
        self._forms: dict[FormName, Form] = {}

    def item(self, record: Received) -> SourceItem | None:
        """The event of a message, or why there is none; None for a tombstone.

        Raises:
            UsageError: it takes schemas to read it, and nothing is said of where they are.
            SchemasError: the schemas can't be had.
        """
        value = record.value
        if value is None:
            return None
        name = _form_name(value, record.headers)
        if name is None:
            return RawEvent(value, _claimed(record.headers), self._place(record), record.offset)
        try:
            row = self._form(name, record).decode(EVENT, record.partition.topic, value, record.headers)
        except RecordError as error:
            return self._damage(record, value, f"the message holds no event: {error}")
        return self._event(record, value, row)

    def _event(self, record: Received, value: bytes, row: dict[str, Any]) -> SourceItem:
        if row["car"] is None:
            told = "has no CAR; the Kafka source writes it with --include car or full"
            said = f"the record of {row['event_cid'][:MAX_QUOTED_CHARS]} {told}"
            return replace(self._damage(record, value, said), cid=maybe_cid(row["event_cid"]))
        return RawEvent(row["car"], maybe_cid(row["event_cid"]), self._place(record), record.offset)

    def _form(self, name: FormName, record: Received) -> Form:
        if name not in self._forms:
            if name is FormName.AVRO and self._schemas is None:
                raise UsageError(
                    f"{record.partition.topic} has records as Avro: say where their schemas are, with"
                    " CERAMIC_STREAMS_REGISTRY=URL or CERAMIC_STREAMS_SCHEMA_FOLDER=FOLDER"
                )
            self._forms[name] = open_form(name, self._schemas)
        return self._forms[name]

    def _place(self, record: Received) -> str:
        return f"kafka://{self._servers}/{record.partition.topic}/{record.partition.number}"

    def _damage(self, record: Received, value: bytes, detail: str) -> Damage:
        return Damage(detail, self._place(record), record.offset, len(value), value[:MAX_DAMAGE_BYTES])


def _form_name(value: bytes, headers: Sequence[tuple[str, bytes]]) -> FormName | None:
    """The form of a record; None for a CAR, which begins with a length and a map in CBOR."""
    if value[:1] == _AVRO:
        return FormName.AVRO
    if value[:1] == _OBJECT and value[1:2] < bytes([_FIRST_OF_CAR]):
        is_cloud = any(name.lower().startswith(_CLOUD) for name, _ in headers)
        return FormName.CLOUDEVENTS if is_cloud else FormName.JSON
    return None


def _claimed(headers: Sequence[tuple[str, bytes]]) -> Cid | None:
    """The CID that a header names."""
    text = next((data for name, data in headers if name == _CID), None)
    return None if not text else maybe_cid(text.decode("ascii", "replace"))
