"""Plain JSON: the contract, and what its readers see."""

from __future__ import annotations

import base64
import json

import pytest

from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Form, FormName, open_form
from ceramic_protocol.records import EVENT, HEARTBEAT, RECORDS, SOURCE
from ceramic_protocol.tables import Table
from tests.connectors.records.form_contract import TOPIC, FormContract
from tests.connectors.records.rows import sample


class TestJson(FormContract):
    def opened(self) -> Form:
        return open_form(FormName.JSON)


@pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
def test_members(table: Table) -> None:
    form = open_form(FormName.JSON)
    for number in range(20):
        row = sample(table, number)
        encoded = form.encode(table, TOPIC, row)
        members = json.loads(encoded.value)
        assert encoded.headers == ()
        assert list(members) == list(table.names)
        if "source" in members:
            assert list(members["source"]) == list(SOURCE.names)
        if row.get("car") is not None:
            assert base64.b64decode(members["car"], validate=True) == row["car"]
            del members["car"], row["car"]
        assert members == row


NO_ROWS = {
    "a member twice": b'{"name":"a","name":"b","ts_ms":1}',
    "NaN": b'{"name":"a","ts_ms":NaN}',
    "a number with a point": b'{"name":"a","ts_ms":1.0}',
    "more than 64 bits": b'{"name":"a","ts_ms":9223372036854775808}',
    "very many digits": b'{"name":"a","ts_ms":' + b"9" * 10_000 + b"}",
    "half of a surrogate pair": b'{"name":"\\ud800","ts_ms":1}',
    "not UTF-8": b'{"name":"\xff","ts_ms":1}',
    "too deep": b'{"name":"a","ts_ms":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too deep behind a backslash": b'{"name":"\\\\","ts_ms":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b',"x":"y"}',
    "a list": b"[]",
    "null": b"null",
    "null where something has to be": b'{"name":null,"ts_ms":1}',
    "nothing": b"",
    "more than one": b'{"name":"a","ts_ms":1}{}',
    "a mark of byte order": b'\xef\xbb\xbf{"name":"a","ts_ms":1}',
}


@pytest.mark.parametrize("value", NO_ROWS.values(), ids=NO_ROWS)
def test_no_row(value: bytes) -> None:
    with pytest.raises(RecordError) as raised:
        open_form(FormName.JSON).decode(HEARTBEAT, TOPIC, value, ())
    assert "Heartbeat" in str(raised.value)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("text", ["A", "AA=", "A A=", "AA==AA==", "ä", "AA==\n", 5, [], {}])
def test_no_base64(text: object) -> None:
    form = open_form(FormName.JSON)
    members = json.loads(form.encode(EVENT, TOPIC, sample(EVENT)).value)
    with pytest.raises(RecordError, match=r"Event\.car: is no base64"):
        form.decode(EVENT, TOPIC, json.dumps({**members, "car": text}).encode(), ())
