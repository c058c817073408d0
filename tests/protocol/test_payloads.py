"""What travels beside a payload says the same as the payload."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor, payloads
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import DataEvent, decode_payload
from ceramic_protocol.limits import MAX_RECENT_PAYLOADS
from tests.support import strategies

STREAM, PREV = Cid.of(b"stream"), Cid.of(b"prev")


def data_event(data: object, header: dict[str, object] | None) -> tuple[DataEvent, dict[str, object]]:
    value = {"id": STREAM, "prev": PREV, "data": data} | ({} if header is None else {"header": header})
    block = dagcbor.encode(value)
    decoded = dagcbor.decode(block)
    assert isinstance(decoded, dict)
    event = decode_payload(Cid.of(block), decoded, block, None)
    assert isinstance(event, DataEvent)
    return event, dict(decoded)


@given(strategies.ipld, st.none() | st.dictionaries(strategies.texts, strategies.ipld, max_size=3))
def test_what_was_said_is_what_the_payload_says(data: object, header: dict[str, object] | None) -> None:
    event, value = data_event(data, header)
    said = payloads.said_by(event)
    if said is None:
        return
    payloads.remember_said(event.payload, said, STREAM, PREV)
    found = payloads.decode_payload_block(event.payload)
    assert isinstance(found, dict)
    assert repr(found["data"]) == repr(value["data"])
    assert repr(found["header"]) == repr(value.get("header", {}))
    again = decode_payload(event.cid, found, event.payload, None)
    assert again == event


def test_what_json_would_lose_is_not_said() -> None:
    for data in (b"bytes", [Cid.of(b"link")], {"deep": [{"bytes": b""}]}, -(1 << 64)):
        event, _value = data_event(data, None)
        assert payloads.said_by(event) is None


def test_numbers_stay_what_they_are() -> None:
    for data in (1, 1.0, -0.0, True, None, (1 << 64) - 1, -(1 << 63), 5e-324, "\u2028\ud7ff"):
        event, _value = data_event([data], None)
        said = payloads.said_by(event)
        assert said is not None
        payloads.remember_said(event.payload, said, STREAM, PREV)
        found = payloads.decode_payload_block(event.payload)
        assert isinstance(found, dict)
        assert repr(found["data"]) == repr([data])


def test_few_are_remembered() -> None:
    for number in range(2 * MAX_RECENT_PAYLOADS):
        assert payloads.decode_payload_block(dagcbor.encode(number)) == number
    assert len(payloads._RECENT) <= MAX_RECENT_PAYLOADS
