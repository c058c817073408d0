"""CloudEvents 1.0 over Kafka: the contract in both modes, and their attributes."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Form, FormName, open_form
from ceramic_protocol.records import EVENT, HEARTBEAT, STATE
from ceramic_protocol.tables import Table
from tests.connectors.records.form_contract import TOPIC, FormContract
from tests.connectors.records.rows import MAX, MIN, sample

MODES = [FormName.CLOUDEVENTS, FormName.CLOUDEVENTS_STRUCTURED]


class TestBinary(FormContract):
    of_cloud_events = True

    def opened(self) -> Form:
        return open_form(FormName.CLOUDEVENTS)


class TestStructured(FormContract):
    of_cloud_events = True

    def opened(self) -> Form:
        return open_form(FormName.CLOUDEVENTS_STRUCTURED)


def event() -> dict[str, Any]:
    row = sample(EVENT)
    source = {
        **row["source"],
        "network": "local-1",
        "node": "epoch/ä",
        "ts_ms": 1_700_000_000_007,
        "position": 12,
    }
    return {**row, "event_cid": "bafyevent", "stream_id": "k2tstream", "source": source}


def state() -> dict[str, Any]:
    return {**sample(STATE), "stream_id": "k2tstream", "source": event()["source"]}


HEARTBEAT_ROW = {"name": "my source", "ts_ms": -1, "events": "e", "changes": None}

EXPECTED: list[tuple[Table, dict[str, Any], dict[str, str]]] = [
    (
        EVENT,
        event(),
        {
            "specversion": "1.0",
            "type": "ceramic.event.v1",
            "source": "ceramic://local-1/epoch%2F%C3%A4",
            "id": "bafyevent",
            "time": "2023-11-14T22:13:20.007Z",
            "subject": "k2tstream",
            "partitionkey": "k2tstream",
        },
    ),
    (
        STATE,
        state(),
        {
            "specversion": "1.0",
            "type": "ceramic.state.v1",
            "source": "ceramic://local-1/epoch%2F%C3%A4",
            "id": "k2tstream:12",
            "time": "2023-11-14T22:13:20.007Z",
            "subject": "k2tstream",
            "partitionkey": "k2tstream",
        },
    ),
    (
        HEARTBEAT,
        HEARTBEAT_ROW,
        {
            "specversion": "1.0",
            "type": "ceramic.heartbeat.v1",
            "source": "ceramic-streams:my%20source",
            "id": "-1",
            "time": "1969-12-31T23:59:59.999Z",
            "partitionkey": "my source",
        },
    ),
]


@pytest.mark.parametrize(("table", "row", "about"), EXPECTED, ids=["event", "state", "heartbeat"])
def test_attributes(table: Table, row: dict[str, Any], about: dict[str, str]) -> None:
    plain = open_form(FormName.JSON).encode(table, TOPIC, row).value
    value, headers = open_form(FormName.CLOUDEVENTS).encode(table, TOPIC, row)
    assert value == plain
    assert dict(headers) == {
        "content-type": b"application/json",
        **{f"ce_{name}": text.encode() for name, text in about.items()},
    }
    assert len(headers) == len(dict(headers))
    value, headers = open_form(FormName.CLOUDEVENTS_STRUCTURED).encode(table, TOPIC, row)
    assert headers == (("content-type", b"application/cloudevents+json"),)
    assert json.loads(value) == {**about, "datacontenttype": "application/json", "data": json.loads(plain)}


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_times(when: int) -> None:
    headers = dict(
        open_form(FormName.CLOUDEVENTS).encode(HEARTBEAT, TOPIC, {**HEARTBEAT_ROW, "ts_ms": when})[1]
    )
    read = dt.datetime.fromisoformat(headers["ce_time"].decode())
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert (read - epoch) // dt.timedelta(milliseconds=1) == when


@pytest.mark.parametrize("mode", MODES)
def test_one_reader_for_both_modes(mode: FormName) -> None:
    reader = open_form(mode)
    for written in MODES:
        encoded = open_form(written).encode(EVENT, TOPIC, event())
        assert reader.decode(EVENT, TOPIC, *encoded) == event()


@pytest.mark.parametrize("mode", MODES)
def test_what_can_t_be_an_attribute(mode: FormName) -> None:
    form = open_form(mode)
    for name, value in (("event_cid", ""), ("event_cid", "a\nb"), ("stream_id", "\x85"), ("stream_id", "")):
        with pytest.raises(RecordError, match=rf"Event\.{name}: is empty or has unprintable"):
            form.encode(EVENT, TOPIC, {**event(), name: value})
    for when in (MIN, MAX, 253_402_300_800_000, -62_135_596_800_001):
        with pytest.raises(RecordError, match=r"Event\.source\.ts_ms: .* beyond the years"):
            form.encode(EVENT, TOPIC, {**event(), "source": {**event()["source"], "ts_ms": when}})
    with pytest.raises(RecordError, match="are no CloudEvents"):
        form.encode(Table("Other", HEARTBEAT.fields), TOPIC, HEARTBEAT_ROW)


DAMAGED: dict[str, tuple[dict[str, bytes | None], str]] = {
    "another version": ({"ce_specversion": b"0.3"}, "specversion is 0.3, not 1.0"),
    "no version": ({"ce_specversion": None}, "specversion"),
    "another type": ({"ce_type": b"ceramic.state.v1"}, "type is ceramic.state.v1, not ceramic.event.v1"),
    "bytes": ({"ce_type": b"\xff\0\x1b[2J"}, "type is"),
    "another content": ({"content-type": b"text/plain"}, "datacontenttype is text/plain"),
    "a batch": (
        {"content-type": b"application/cloudevents-batch+json"},
        "cloudevents-batch.json, which isn't",
    ),
    "structured, but it isn't": ({"content-type": b"application/cloudevents+json"}, "specversion is None"),
}


@pytest.mark.parametrize(("change", "said"), DAMAGED.values(), ids=DAMAGED)
def test_other_headers(change: dict[str, Any], said: str) -> None:
    form = open_form(FormName.CLOUDEVENTS)
    value, headers = form.encode(EVENT, TOPIC, event())
    with pytest.raises(RecordError, match=said):
        form.decode(EVENT, TOPIC, value, tuple({**dict(headers), **change}.items()))


def test_headers_that_others_write_differently() -> None:
    form = open_form(FormName.CLOUDEVENTS)
    value, headers = form.encode(EVENT, TOPIC, event())
    less = [(name.upper(), data) for name, data in headers if name != "content-type"]
    assert form.decode(EVENT, TOPIC, value, less) == event()
    assert form.decode(EVENT, TOPIC, value, [*headers, ("content-type", b"application/json; charset=utf-8")])


@pytest.mark.parametrize("value", [b"[]", b"null", b'{"specversion":"1.0","type":"ceramic.event.v1"}', b"{"])
def test_no_event_at_all(value: bytes) -> None:
    form = open_form(FormName.CLOUDEVENTS)
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    with pytest.raises(RecordError):
        form.decode(EVENT, TOPIC, value, headers)
