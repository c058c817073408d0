"""Anchors as ceramic-one writes and reads them: a transaction's hash, and the root in its input.

Here a root is never taken from a transaction: the input that anchors the proof's root is made and compared.
So the selector counts, which ceramic-one skips. At the end stand differences that no file of vectors shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from ceramic_protocol import car, dagcbor
from ceramic_protocol.anchors import (
    ANCHOR_CONTRACT,
    ANCHOR_SELECTOR,
    CONTRACT_CALL,
    Anchored,
    verify_anchor,
)
from ceramic_protocol.build_time import encode_proof, time_event, transaction_cid
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InitEvent, InvalidEvent, Proof, TimeEvent, decode_event
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason
from tests.support import vectors
from tests.support.chains import KnownChain

CHAIN_ID: Final = "eip155:100"
TX_HASH: Final = bytes(range(32))
TIMESTAMP: Final = 1_700_000_000


def anchor(root: Cid, tx_type: str = CONTRACT_CALL, tx_hash: bytes = TX_HASH) -> TimeEvent:
    """A time event of a batch of one: what is anchored is the root itself."""
    built = time_event(root, root, Proof(root, tx_hash, tx_type, CHAIN_ID))
    assert isinstance(built.event, TimeEvent)
    assert decode_event(built.car) == built.event
    return built.event


def known(data: bytes) -> KnownChain:
    """A chain with one transaction to the anchor contract, with this input."""
    transaction = Transaction(to=ANCHOR_CONTRACT, input=data, block_number=26_509_835, timestamp=TIMESTAMP)
    return KnownChain({CHAIN_ID}, {(CHAIN_ID, TX_HASH): transaction})


@pytest.mark.parametrize(("digits", "text"), vectors.pairs("rust_eth_tx_hash_cid.json"))
def test_hash_of_a_transaction(digits: str, text: str) -> None:
    tx_hash = bytes.fromhex(digits)
    assert str(transaction_cid(tx_hash)) == text
    assert Cid.parse(text) == transaction_cid(tx_hash)
    proof = Proof(Cid.of(b""), tx_hash, CONTRACT_CALL, CHAIN_ID)
    block = dagcbor.decode(encode_proof(proof))
    assert isinstance(block, dict)
    assert block["txHash"] == Cid.parse(text)
    assert anchor(Cid.of(b""), tx_hash=tx_hash).proof.tx_hash == tx_hash


@pytest.mark.parametrize(("given", "wanted"), vectors.pairs("rust_eth_tx_input.json"))
def test_root_in_a_transaction(given: dict[str, str], wanted: dict[str, str]) -> None:
    data = bytes.fromhex(given["input"].removeprefix("0x"))
    if "error" in wanted:
        # No root in the file: any does, as the proof's type comes first.
        found = verify_anchor(anchor(Cid.of(b""), given["tx_type"]), known(data))
        assert isinstance(found, Finding)
        assert found.reason is Reason.ANCHOR_ROOT_MISMATCH
        return
    root = Cid.parse(wanted["root"])
    assert data == ANCHOR_SELECTOR + root.digest
    event = anchor(root, given["tx_type"])
    assert verify_anchor(event, known(data)) == Anchored(TIMESTAMP, CHAIN_ID)
    spoilt = [data[:-1] + bytes([data[-1] ^ 1]), b"\0" + data[1:], data[:-1], data + b"\0"]
    for other in spoilt:
        refused = verify_anchor(event, known(other))
        assert isinstance(refused, Finding)
        assert refused.reason is Reason.ANCHOR_ROOT_MISMATCH
    elsewhere = known(data)
    key = (CHAIN_ID, TX_HASH)
    elsewhere.transactions[key] = replace(elsewhere.transactions[key], to="0x" + "00" * 20)
    refused = verify_anchor(event, elsewhere)
    assert isinstance(refused, Finding)
    assert refused.reason is Reason.ANCHOR_WRONG_CONTRACT


@pytest.mark.parametrize("file", vectors.names("reference", "rust_car_time_event_*.json"))
def test_roots_of_the_time_events_among_the_cars(file: str) -> None:
    """What those two anchored is in `rust_eth_tx_input.json`: the whole proof holds."""
    vector = vectors.reference(file)
    event = decode_event(car_of(vector))
    assert isinstance(event, TimeEvent)
    roots = {
        wanted["root"]: bytes.fromhex(given["input"].removeprefix("0x"))
        for given, wanted in vectors.pairs("rust_eth_tx_input.json")
        if "root" in wanted
    }
    if str(event.proof.root) not in roots:
        pytest.skip("the transaction is not among the vectors")
    transaction = Transaction(ANCHOR_CONTRACT, roots[str(event.proof.root)], 1, TIMESTAMP)
    chain = KnownChain({event.proof.chain_id}, {(event.proof.chain_id, event.proof.tx_hash): transaction})
    assert verify_anchor(event, chain) == Anchored(TIMESTAMP, event.proof.chain_id)


def car_of(vector: Any) -> bytes:
    """The CAR of a vector of blocks, put together anew."""
    blocks = [
        (Cid.parse(block["cid"]), bytes.fromhex(block["hex"])) for block in vector["expected"]["blocks"]
    ]
    return car.encode([Cid.parse(vector["expected"]["root"])], blocks)


def test_the_unsigned_init_with_content_can_be_read() -> None:
    """ceramic-one takes it as valid, which `verify` doesn't: docs/deviations.md, `unsigned-content`."""
    event = decode_event(car_of(vectors.reference("rust_car_unsigned_init_no_sep.json")))
    assert isinstance(event, InitEvent)
    assert event.data is not None
    assert "sep" not in event.header.fields


@pytest.mark.parametrize("left_out", [None, "id", "prev", "proof", "path"])
def test_a_time_event_may_lack_its_id(left_out: str | None) -> None:
    """As js-ceramic, which has old ones, and unlike ceramic-one: docs/deviations.md, `time-without-id`."""
    root, stream = Cid.of(b"root"), Cid.of(b"init")
    proof = encode_proof(Proof(root, TX_HASH, CONTRACT_CALL, CHAIN_ID))
    members = {"id": stream, "prev": root, "proof": Cid.of(proof), "path": ""}
    block = dagcbor.encode({name: item for name, item in members.items() if name != left_out})
    event = decode_event(car.encode([Cid.of(block)], [(Cid.of(block), block), (Cid.of(proof), proof)]))
    if left_out in (None, "id"):
        assert isinstance(event, TimeEvent)
        assert (event.cid, event.prev) == (Cid.of(block), root)
        assert event.stream == (stream if left_out is None else None)
    else:
        assert isinstance(event, InvalidEvent)
        assert event.reason is Reason.EVENT_MALFORMED


def test_an_id_that_is_no_link_is_not_taken_for_none() -> None:
    root = Cid.of(b"root")
    proof = encode_proof(Proof(root, TX_HASH, CONTRACT_CALL, CHAIN_ID))
    block = dagcbor.encode({"id": None, "prev": root, "proof": Cid.of(proof), "path": ""})
    event = decode_event(car.encode([Cid.of(block)], [(Cid.of(block), block), (Cid.of(proof), proof)]))
    assert isinstance(event, InvalidEvent)
    assert event.reason is Reason.EVENT_MALFORMED


def test_of_several_controllers_the_first_counts() -> None:
    block = dagcbor.encode({"data": None, "header": {"controllers": ["did:key:a", "did:key:b"]}})
    event = decode_event(car.encode([Cid.of(block)], [(Cid.of(block), block)]))
    assert isinstance(event, InitEvent)
    assert event.header.controller == "did:key:a"


def test_a_car_that_ends_inside_a_length_is_cut_short() -> None:
    """ceramic-one takes it for the end: docs/deviations.md, `cut-length`."""
    data = car.encode([Cid.of(b"x")], [(Cid.of(b"x"), b"x")])
    with pytest.raises(DecodeError) as error:
        car.decode(data + b"\x80")
    assert error.value.reason is Reason.CAR_TRUNCATED


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_how_many() -> None:
    wanted = {"rust_eth_tx_hash_cid.json": 3, "rust_eth_tx_input.json": 4}
    if vectors.names("reference"):
        assert {name: len(vectors.pairs(name)) for name in wanted} == wanted
