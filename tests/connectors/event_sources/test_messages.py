"""Messages of any kind: an event, damage that says why, or an error of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.event_sources.messages import MessageReader
from ceramic_connectors.kafka.port import Partition, Received
from ceramic_connectors.records.schema_folder import SchemaFolder
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import MAX_DAMAGE_BYTES
from ceramic_protocol.ports import Damage, RawEvent
from tests.node.http.v1.making import NOTES

pytest.importorskip("fastavro", reason="fastavro is not installed: pip install 'ceramic-streams[kafka]'")

_HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_type", "ceramic.cid", "x"]),
        st.binary(max_size=20) | st.just(b"application/cloudevents+json") | st.just(str(NOTES.cid).encode()),
    ),
    max_size=3,
)
_VALUES = (
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda data: b"\0" + data)
    | st.binary(max_size=60).map(lambda data: b"{" + data)
    | st.sampled_from([b"{}", b'{"event_cid":1}', b'{"specversion":"1.0","data":{}}', b"[]", b"null"])
)


def received(value: bytes | None, *headers: tuple[str, bytes]) -> Received:
    return Received(Partition("topic", 2), 7, None, value, headers, 0)


@given(_VALUES, _HEADERS)
def test_whatever_a_message_holds(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    reader = MessageReader("broker:1", SchemaFolder(Path("/nowhere")))
    try:
        item = reader.item(received(value, *headers))
    except CeramicError:
        return
    assert isinstance(item, RawEvent | Damage)
    assert (item.source, item.position) == ("kafka://broker:1/topic/2", 7)


def test_a_car_is_told_from_a_record_by_its_beginning() -> None:
    reader = MessageReader("broker:1", None)
    header = (("ceramic.cid", str(NOTES.cid).encode()),)
    assert reader.item(received(NOTES.car, *header)) == RawEvent(
        NOTES.car, NOTES.cid, "kafka://broker:1/topic/2", 7
    )
    # 123 bytes of a header, whose number is a brace.
    assert isinstance(reader.item(received(b"{\xa2eroots")), RawEvent)
    assert isinstance(reader.item(received(b"")), RawEvent)
    assert reader.item(received(None)) is None


def test_of_a_large_message_that_is_none_only_the_beginning_is_kept() -> None:
    found = MessageReader("broker:1", None).item(received(b'{"' + b"x" * 1_000_000))
    assert isinstance(found, Damage)
    assert (len(found.raw), found.length) == (MAX_DAMAGE_BYTES, 1_000_002)
