"""Records that a search starts from."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.form import FormName
from ceramic_protocol.records import EVENT, RECORDS
from ceramic_protocol.tables import Field
from tests.connectors.records.rows import sample, with_more, without
from tests.fuzz.record_targets import TOPIC, form_of

_NEW: Final = with_more(EVENT, Field("novel", "list<utf8>", False, ""), Field("more", "binary", True, ""))


def _values(name: FormName) -> list[bytes]:
    form = form_of(name)
    return [form.encode(table, TOPIC, sample(table, number)).value for table in RECORDS for number in (0, 1)]


def _schemas() -> list[bytes]:
    """Schemas of this version, of an older and of a newer one, each with a record."""
    tables = (EVENT, without(EVENT, "car", "payload", "height"), _NEW)
    form = form_of(FormName.AVRO)
    return [
        avro_schema(table).encode() + b"\n" + form.encode(table, TOPIC, sample(table)).value[5:]
        for table in tables
    ]


def _cloud_events() -> list[bytes]:
    found = []
    for name in (FormName.CLOUDEVENTS, FormName.CLOUDEVENTS_STRUCTURED):
        for table in RECORDS:
            value, headers = form_of(name).encode(table, TOPIC, sample(table))
            out = io.BytesIO()
            out.writelines(b"%s:%s\n" % (key.encode(), text) for key, text in headers)
            out.write(b"\n" + value)
            found.append(out.getvalue())
    return found


RECORD_SEEDS: Final[dict[str, Callable[[], list[bytes]]]] = {
    "avro-record": lambda: _values(FormName.AVRO),
    "avro-schema": _schemas,
    "json-record": lambda: _values(FormName.JSON),
    "cloud-event": _cloud_events,
}
