"""Events of others after their own checks."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.source.entries import car_bytes
from ceramic_connectors.source.foreign.client import Row
from ceramic_connectors.source.foreign.inspecting import Found
from ceramic_protocol import dagcbor, dagjson
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.multibase import encode
from tests.connectors.source.foreign.conftest import INSPECTOR
from tests.connectors.source.foreign.making import anchor, car_text, with_another_signature
from tests.node.http.v1.making import ALICE, NOTE, NOTES, document, update

INIT = document("first")
UPDATE = update(INIT, INIT, "second")
TIME = anchor(UPDATE.cid, INIT.cid)


def found_of(cid: str, data: str | None) -> Found:
    [found] = INSPECTOR.inspect([Row(cid, data)])
    return found


@pytest.mark.parametrize("event", [INIT, UPDATE, TIME, NOTES, ALICE.init(NOTE, None, unique=None)])
def test_what_is_good(event: BuiltEvent) -> None:
    found = found_of(str(event.cid), car_text(event))
    decoded = event.event
    assert (found.cid, found.stream, found.car) == (str(event.cid), decoded.stream, None)
    assert found.kind == ["init", "data", "time"].index(decoded.kind)
    payload = getattr(decoded, "payload", b"")
    if payload:
        assert found.payload == dagjson.encode(dagcbor.decode(payload))
    assert found.reason == ("anchor_chain_unknown" if decoded.kind == "time" else None)


@given(st.dictionaries(st.sampled_from(["shouldIndex", "modelVersion", "x"]), st.booleans() | st.none()))
def test_the_payload_is_what_was_signed(header: dict[str, object]) -> None:
    """Also where it was put together from what had been decoded."""
    members = {"data": [], "id": INIT.cid, "prev": INIT.cid, "header": header}
    for chosen in (members, {name: members[name] for name in ("data", "id", "prev")}):
        event = ALICE.envelop(dagcbor.encode(chosen))
        found = found_of(str(event.cid), car_text(event))
        assert found.payload == dagjson.encode(dagcbor.decode(event.event.payload))  # type: ignore[union-attr]


@pytest.mark.parametrize("base", ["m", "u", "f", "b"])
def test_any_base_of_text(base: str) -> None:
    found = found_of(str(INIT.cid), encode(INIT.car, base))
    assert found.reason is None
    assert found.car is None or car_bytes(found.car) == INIT.car


def test_what_is_not_what_it_was() -> None:
    lied = with_another_signature(UPDATE)
    cases = {
        "car_truncated": Row(str(UPDATE.cid), encode(UPDATE.car[:-20], "m")),
        "block_hash_mismatch": Row(str(UPDATE.cid), encode(UPDATE.car.replace(b"second", b"sacond"), "m")),
        "event_malformed": Row(str(INIT.cid), car_text(UPDATE)),
        "signature_invalid": Row(str(lied.cid), car_text(lied)),
        "car_malformed": Row(str(UPDATE.cid), "m!!!"),
    }
    for reason, row in cases.items():
        found = found_of(*row)
        assert found.reason == reason
        assert found.cid == row.cid
    assert car_bytes(found.car or "") == b"m!!!"
    assert found_of(str(INIT.cid), None).detail == "no bytes came with it"


def test_a_name_that_is_none() -> None:
    found = found_of("not a CID\n", car_text(UPDATE))
    assert (found.cid, found.reason) == (str(UPDATE.cid), "event_malformed")
    assert "which is no CID" in (found.detail or "")
    other = found_of(encode(UPDATE.cid, "z"), car_text(UPDATE))
    assert (other.cid, other.reason) == (str(UPDATE.cid), None)


@given(
    st.text(max_size=40),
    st.none() | st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: encode(raw, "m")),
)
def test_anything_gives_a_reason(cid: str, data: str | None) -> None:
    found = found_of(cid, data)
    assert found.reason is not None
    assert found.kind is None
    orjson.dumps(found.detail)


@given(st.integers(0, len(UPDATE.car) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, change: int) -> None:
    car = bytearray(UPDATE.car)
    car[place] ^= change
    found = found_of(str(UPDATE.cid), encode(bytes(car), "m"))
    # What the header of a CAR has beside its root is no part of the event.
    assert found.reason is not None or place < 60
    if found.reason is None:
        assert (found.cid, found.stream) == (str(UPDATE.cid), INIT.cid)
