"""The CARs that the references keep as fixtures: read into blocks, values and events, and written again.

One case per file. That the builders give the same bytes is shown in `test_builders`; what the capabilities in
them allow is left to the subject `accounts`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from ceramic_protocol import car, dagcbor, multibase
from ceramic_protocol.anchors import walk_path
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, Cid
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.events import Event, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.jose import Envelope
from ceramic_protocol.profiles.strict import check_envelope
from ceramic_protocol.reasons import Reason
from tests.support import vectors

EVENT_CARS = vectors.names("reference", "rust_car_*.json")
CAR_FILES = vectors.names("reference", "rust_carfile_*.json")
WITNESS_CARS = [
    name
    for pattern in ("rust_cas_witness_car.json", "js_cas_response.json")
    for name in vectors.names("reference", pattern)
]


def unpadded(text: str) -> bytes:
    """Bytes from standard base64, with or without its padding."""
    return base64.b64decode(text + "=" * (-len(text) % 4))


def kind_of(event: Event) -> str:
    """The kind as the references' files name it."""
    if isinstance(event, TimeEvent):
        return "time"
    return f"{'unsigned' if event.envelope is None else 'signed'}-{event.kind}"


def envelope_of(event: Event) -> Envelope | None:
    """The envelope of a signed event."""
    return None if isinstance(event, TimeEvent) else event.envelope


def written(event: Event, blocks: Mapping[Cid, bytes]) -> bytes:
    """The event's CAR with its own blocks alone, in the order that all writers use (events.md 3.5).

    Raises:
        EncodeError: a block's value has another form when it is written again.
    """
    listed = list(_links(event, blocks))
    for cid in listed:
        if dagcbor.encode(dagcbor.decode(blocks[cid])) != blocks[cid]:
            raise EncodeError(f"block {cid} is written in another form")
    return car.encode([event.cid], [(cid, blocks[cid]) for cid in listed])


def _links(event: Event, blocks: Mapping[Cid, bytes]) -> list[Cid]:
    if not isinstance(event, TimeEvent):
        if event.envelope is None:
            return [event.cid]
        signed = [event.envelope.payload, event.cid]
        capability = event.envelope.header.capability
        return signed if capability is None else [capability, *signed]
    value: Any = dagcbor.decode(blocks[event.cid])
    links = [event.cid, value["proof"]]
    at = event.proof.root
    for step in event.path:
        links.append(at)
        node: Any = dagcbor.decode(blocks[at])
        at = node[step]
    return links


def check_blocks(archive: car.Car, wanted: Any) -> None:
    """Header and blocks are what the file says, and written again they are the same."""
    assert [{"/": str(root)} for root in archive.roots] == wanted["car_header"]["roots"]
    for (cid, block), listed in zip(archive.blocks, wanted["blocks"], strict=True):
        assert str(cid) == listed["cid"]
        assert cid.codec == int(listed["codec"], 16)
        assert block.hex() == listed["hex"]
        assert cid.matches(block) is listed["hash_matches_cid"]
        value = dagcbor.decode(block)
        assert to_json(value) == listed["dag_json"]
        assert dagcbor.encode(value) == block


@pytest.mark.parametrize("name", EVENT_CARS)
def test_event_of_ceramic_one(name: str) -> None:
    vector = vectors.reference(name)
    wanted = vector["expected"]
    data = multibase.decode(vector["input"]["multibase"])
    assert data == unpadded(wanted["car_base64"])
    assert len(data) == wanted["car_len"]
    archive = car.decode(data)
    check_blocks(archive, wanted)
    assert car.encode(archive.roots, archive.blocks) == data
    event = decode_event(data)
    if not all(block["hash_matches_cid"] for block in wanted["blocks"]):
        # ceramic-one reads it none the less: docs/deviations.md, `hash`.
        assert isinstance(event, InvalidEvent)
        assert event.reason is Reason.BLOCK_HASH_MISMATCH
        assert str(event.cid) == wanted["root"]
        return
    assert not isinstance(event, InvalidEvent), event
    assert str(event.cid) == wanted["root"]
    assert (kind_of(event), str(event.stream)) == (wanted["kind"], wanted["stream_cid"])
    assert (str(event.prev) if event.prev else None) == wanted["prev"]
    assert (written(event, dict(archive.blocks)) == data) is wanted.get("reencode_byte_identical", True)
    check_envelope_of(event, archive, wanted)
    if isinstance(event, TimeEvent):
        assert walk_path(event) is None


def check_envelope_of(event: Event, archive: car.Car, wanted: Any) -> None:
    """The envelope's members, its signature, and the value of the capability block."""
    envelope = envelope_of(event)
    assert (envelope is not None) is ("payload_cid" in wanted)
    if envelope is None:
        return
    assert str(envelope.payload) == wanted["payload_cid"]
    assert envelope.protected.decode() == wanted["protected_json"]
    assert (check_envelope(envelope) is None) is wanted["jws_valid"]
    capability = envelope.header.capability
    assert (capability is not None) is ("cacao" in wanted)
    if capability is not None:
        block = dict(archive.blocks)[capability]
        assert to_json(dagcbor.decode(block)) == wanted["cacao"]


@pytest.mark.parametrize("name", CAR_FILES)
def test_archive_of_other_data(name: str) -> None:
    """Archives whose blocks are no events, with CIDs of version 0 and hashes that events never have."""
    vector = vectors.reference(name)
    wanted = vector["expected"]
    data = unpadded(vector["input"]["car_base64"])
    archive = car.decode(data)
    assert [str(root) for root in archive.roots] == wanted["roots"]
    assert len(archive.blocks) == wanted["block_count"]
    assert [str(cid) for cid, _block in archive.blocks] == wanted["cids"]
    assert (car.encode(archive.roots, archive.blocks) == data) is wanted["reencode_byte_identical"]
    for cid, block in archive.blocks:
        assert Cid.parse(str(cid)) == cid
        assert Cid.from_bytes(bytes(cid)) == cid
        assert cid.matches(block) is cid.is_sha256
        if cid.codec == DAG_CBOR:
            assert has_one_form(block)


def has_one_form(block: bytes) -> bool:
    """Whether a block is written as it was read; Filecoin's blocks may have text that isn't UTF-8."""
    try:
        return dagcbor.encode(dagcbor.decode(block)) == block
    except DecodeError as error:
        return error.detail == "text is not UTF-8"


def witness(name: str) -> tuple[bytes, Any]:
    """The CAR in an anchor service's answer, and what both files say of it, in one form."""
    vector = vectors.reference(name)
    if "response" not in vector:
        return unpadded(vector["input"]["witnessCar"]), vector["expected"]
    expect = vector["expect"]
    return unpadded(vector["response"]["witnessCar"]), {
        "root": expect["time_event_cid"],
        "prev": expect["prev"],
        "detached_path": expect["path"],
        "proof": expect["proof"],
        "order": expect["blocks_in_car_order"],
    }


@pytest.mark.parametrize("name", WITNESS_CARS)
def test_witness_car_of_an_anchor_service(name: str) -> None:
    data, wanted = witness(name)
    archive = car.decode(data)
    event = decode_event(data)
    assert isinstance(event, TimeEvent)
    assert str(event.cid) == wanted["root"]
    assert str(event.prev) == wanted["prev"]
    assert str(event.stream) == wanted.get("stream_cid", str(event.stream))
    assert "/".join(map(str, event.path)) == wanted["detached_path"]
    assert walk_path(event) is None
    assert written(event, dict(archive.blocks)) == data
    if "blocks" in wanted:
        check_blocks(archive, wanted)
    if "proof" in wanted:
        proof = wanted["proof"]
        assert (str(event.proof.root), event.proof.tx_type, event.proof.chain_id) == (
            proof["root"],
            proof["txType"],
            proof["chainId"],
        )
        assert event.proof.tx_hash == Cid.parse(proof["txHash"]).digest
        assert [str(cid) for cid, _block in archive.blocks] == wanted["order"]


def test_a_planted_fault_shows() -> None:
    """A byte changed in any block of an event is found, and so is one block less."""
    for name in EVENT_CARS:
        data = unpadded(vectors.reference(name)["expected"]["car_base64"])
        roots, blocks = car.decode(data)
        if isinstance(decode_event(data), InvalidEvent):
            continue
        for at, (cid, block) in enumerate(blocks):
            spoilt = [*blocks[:at], (cid, block[:-1] + bytes([block[-1] ^ 1])), *blocks[at + 1 :]]
            found = decode_event(car.encode(roots, spoilt))
            assert isinstance(found, InvalidEvent)
            assert found.reason is Reason.BLOCK_HASH_MISMATCH
            less = decode_event(car.encode(roots, [*blocks[:at], *blocks[at + 1 :]]))
            assert isinstance(less, InvalidEvent) or walk_path_fails(less)


def walk_path_fails(event: Event) -> bool:
    """Whether a time event lacks a node of its path."""
    refused = walk_path(event) if isinstance(event, TimeEvent) else None
    return refused is not None and refused.reason is Reason.ANCHOR_WITNESS_MISSING


def test_there_are_events_of_every_kind() -> None:
    if vectors.is_named() or not EVENT_CARS:
        pytest.skip("other vectors than the project's own")
    kinds = {vectors.reference(name)["expected"]["kind"] for name in EVENT_CARS}
    assert kinds == {"signed-init", "unsigned-init", "signed-data", "time"}
    codecs = {Cid.parse(vectors.reference(name)["expected"]["root"]).codec for name in EVENT_CARS}
    assert codecs == {DAG_CBOR, DAG_JOSE}
    assert (len(EVENT_CARS), len(CAR_FILES), len(WITNESS_CARS)) == (10, 2, 2)
