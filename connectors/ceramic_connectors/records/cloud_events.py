"""CloudEvents 1.0 over Kafka: attributes as headers beside a JSON value (binary), or all in one JSON value.

A reader takes both, as the header `content-type` says which one it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ceramic_connectors.records.cloud_attributes import SPECVERSION, attributes, event_type
from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Encoded
from ceramic_connectors.records.members import Members, read_json
from ceramic_connectors.records.tables_of import OfTables
from ceramic_protocol.plain_text import plain
from ceramic_protocol.tables import Table

_JSON: Final = "application/json"
_STRUCTURED: Final = "application/cloudevents+json"
_CONTENT_TYPE: Final = "content-type"
_MAX_QUOTE: Final = 60


class CloudEvents:
    """See `form.Form`. The key of the message is its `partitionkey`, which is the caller's affair."""

    def __init__(self, *, structured: bool) -> None:
        self._structured = structured
        self._members = OfTables(Members)

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self._structured,)

    def encode(self, table: Table, topic: str, row: Mapping[str, Any]) -> Encoded:
        """See `form.Form.encode`."""
        del topic
        members = self._members.of(table)
        data = members.of(row)
        about = attributes(table, row)
        if self._structured:
            event = {**about, "datacontenttype": _JSON, "data": data}
            return Encoded(members.written(event, row), ((_CONTENT_TYPE, _STRUCTURED.encode()),))
        value = members.written(data, row)
        headers = ((f"ce_{name}", text.encode("utf-8")) for name, text in about.items())
        return Encoded(value, ((_CONTENT_TYPE, _JSON.encode()), *headers))

    def decode(
        self, table: Table, topic: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        """See `form.Form.decode`."""
        del topic
        said = {name.lower(): _text(data) for name, data in headers}
        kind = said.get(_CONTENT_TYPE, "").partition(";")[0].strip().lower()
        if kind.startswith("application/cloudevents"):
            if kind != _STRUCTURED:
                raise RecordError(
                    f"{table.name}: a CloudEvent as {plain(kind, _MAX_QUOTE)}, which isn't read"
                )
            about = read_json(table, value)
            if not isinstance(about, dict):
                raise RecordError(f"{table.name}: the CloudEvent is no JSON object")
            data, kind = about.get("data"), about.get("datacontenttype", _JSON)
        else:
            about = {name.removeprefix("ce_"): text for name, text in said.items()}
            data, kind = read_json(table, value), kind or _JSON
        _check(table, about, kind)
        return self._members.of(table).row(data)


def _again(structured: bool) -> CloudEvents:
    return CloudEvents(structured=structured)


def _text(data: bytes | None) -> str:
    """A header's text; Kafka has headers without a value."""
    return (data or b"").decode("utf-8", "replace")


def _check(table: Table, about: Mapping[str, object], kind: object) -> None:
    """See to it that the attributes are those of a record of the table."""
    for name, wanted, found in (
        ("specversion", SPECVERSION, about.get("specversion")),
        ("type", event_type(table), about.get("type")),
        ("datacontenttype", _JSON, kind),
    ):
        if found != wanted:
            quoted = plain(str(found), _MAX_QUOTE)
            raise RecordError(f"{table.name}: as a CloudEvent its {name} is {quoted}, not {wanted}")
