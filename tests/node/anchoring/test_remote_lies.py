"""The client of an anchor service, against one that lies and fails."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import (
    AnchorApi,
    AnchorService,
    AnchorTroubleError,
    State,
    Trouble,
)
from ceramic_node.anchoring.proofs import transaction_proof
from ceramic_node.anchoring.remote_answers import Answer, Status, read_answer, read_witness
from ceramic_protocol import dagcbor
from ceramic_protocol.build_time import merkle_node, time_event
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_CAS_ANSWER_BYTES, MAX_WITNESS_PATH
from ceramic_protocol.merkle import MerkleTree, Shape
from ceramic_protocol.ports import Transaction
from tests.node.anchoring.making import leaf, leaves, stream, tip
from tests.node.anchoring.remote_world import SIGNER, World, witness
from tests.node.anchoring.service_stub import Body, Lie, service
from tests.support.web import Exchange


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with service(DevChain()) as running:
        yield World(running, tmp_path)


def changed(**members: Any) -> Lie:
    """Other members, of completed answers only."""

    def lie(body: Body) -> Body:
        return body | members if body["status"] == "COMPLETED" else body

    return lie


def instead(said: bytes) -> Lie:
    return lambda body: said if body["status"] == "COMPLETED" else body


def _car(body: Body) -> bytes:
    text = body["witnessCar"]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def damaged(body: Body) -> Body:
    if body["status"] != "COMPLETED":
        return body
    car = bytearray(_car(body))
    car[-20] ^= 1
    return body | {"witnessCar": witness(bytes(car))}


def cut(body: Body) -> Body:
    return body | {"witnessCar": witness(_car(body)[:-30])} if body["status"] == "COMPLETED" else body


def _tree() -> MerkleTree:
    return MerkleTree.build([leaf(0).tip, leaf(1).tip], Shape.CAS)


def _unproven(tx_hash: bytes) -> str:
    tree = _tree()
    proof = transaction_proof(tree.root, tx_hash, "eip155:1337")
    return witness(tree.time_event(0, stream(0).cid, proof).car)


def _of(stream_number: int, tip_number: int) -> Body:
    """A time event of something else, with its right CID."""
    proof = transaction_proof(tip(tip_number), b"\x01" * 32, "eip155:1337")
    event = time_event(stream(stream_number).cid, tip(tip_number), proof)
    return {"witnessCar": witness(event.car), "anchorCommit": {"cid": str(event.cid)}}


def _long() -> Body:
    """A path that nothing could be put below."""
    at, nodes = tip(0), []
    for _ in range(MAX_WITNESS_PATH):
        nodes.append(merkle_node(at, None))
        at = Cid.of(nodes[-1])
    proof = transaction_proof(at, b"\x01" * 32, "eip155:1337")
    event = time_event(stream(0).cid, tip(0), proof, [0] * MAX_WITNESS_PATH, nodes)
    return {"witnessCar": witness(event.car), "anchorCommit": {"cid": str(event.cid)}}


OTHER_CONTRACT = DevChain(contract=f"0x{'12' * 20}")
OTHER_ROOT = DevChain()
LIES: list[tuple[Lie, Trouble]] = [
    (instead(b""), Trouble.ANSWER_MALFORMED),
    (instead(b"<html>"), Trouble.ANSWER_MALFORMED),
    (instead(b"[]"), Trouble.ANSWER_MALFORMED),
    (instead(b"\xff\xfe"), Trouble.ANSWER_MALFORMED),
    (instead(b"[" * 100_000), Trouble.ANSWER_MALFORMED),
    (instead(b'{"status":"COMPLETED","status":"FAILED"}'), Trouble.ANSWER_MALFORMED),
    (instead(b'{"status":' + b"9" * 10_000 + b"}"), Trouble.ANSWER_MALFORMED),
    (instead(b"{}"), Trouble.REQUEST_REFUSED),
    (instead(b'{"error":"a disk is full"}'), Trouble.REQUEST_REFUSED),
    (instead(b'{"message":"Unauthorized"}'), Trouble.UNAUTHORIZED),
    (instead(b" " * (MAX_CAS_ANSWER_BYTES + 1)), Trouble.ANSWER_TOO_LARGE),
    (changed(status="DONE"), Trouble.ANSWER_MALFORMED),
    (changed(status=None), Trouble.ANSWER_MALFORMED),
    (changed(cid=str(tip(5))), Trouble.ANSWER_OTHER_REQUEST),
    (changed(cid="b" * 500), Trouble.ANSWER_MALFORMED),
    (changed(cid=7), Trouble.ANSWER_MALFORMED),
    (changed(streamId=str(stream(5))), Trouble.ANSWER_OTHER_REQUEST),
    (changed(streamId="k" * 20_000), Trouble.ANSWER_MALFORMED),
    (changed(message={}), Trouble.ANSWER_MALFORMED),
    (changed(anchorCommit="cid"), Trouble.ANSWER_MALFORMED),
    (changed(anchorCommit={}), Trouble.ANSWER_MALFORMED),
    (changed(anchorCommit={"cid": str(tip(5))}), Trouble.WITNESS_MISMATCH),
    (changed(witnessCar=None), Trouble.WITNESS_MISSING),
    (changed(witnessCar=[]), Trouble.ANSWER_MALFORMED),
    (changed(witnessCar="ä"), Trouble.ANSWER_MALFORMED),
    (changed(witnessCar="AAAAA"), Trouble.ANSWER_MALFORMED),
    (changed(witnessCar="AAAA"), Trouble.WITNESS_MALFORMED),
    (changed(witnessCar=""), Trouble.WITNESS_MALFORMED),
    (changed(witnessCar=witness(EventBuilder(SIGNER).model({}).car)), Trouble.WITNESS_MALFORMED),
    (damaged, Trouble.WITNESS_MALFORMED),
    (cut, Trouble.WITNESS_MALFORMED),
    (changed(**_of(0, 5)), Trouble.WITNESS_MISMATCH),
    (changed(**_of(5, 0)), Trouble.WITNESS_MISMATCH),
    (changed(**_long()), Trouble.WITNESS_MALFORMED),
    (changed(anchorCommit=None, witnessCar=_unproven(b"\x01" * 32)), Trouble.PROOF_REJECTED),
    (
        changed(anchorCommit=None, witnessCar=_unproven(OTHER_ROOT.anchor(tip(5)))),
        Trouble.PROOF_REJECTED,
    ),
    (
        changed(anchorCommit=None, witnessCar=_unproven(OTHER_CONTRACT.anchor(_tree().root))),
        Trouble.PROOF_REJECTED,
    ),
]


@dataclass
class Several:
    """All transactions of several chains with one number."""

    chains: list[DevChain]

    def transaction(self, chain_id: str, tx_hash: bytes) -> Any:
        found = [chain.transaction(chain_id, tx_hash) for chain in self.chains]
        return next((each for each in found if isinstance(each, Transaction)), found[0])


@pytest.mark.parametrize("number", range(len(LIES)))
def test_lies_are_refused_and_the_truth_is_taken_afterwards(world: World, number: int) -> None:
    lie, trouble = LIES[number]
    chain = Several([world.service.chain, OTHER_ROOT, OTHER_CONTRACT])
    with world.book() as book:
        book.request_all(leaves(1))
        made = world.make(book, chain=chain)
        world.ticks(made, 3)
        world.service.process()
        world.service.lie = lie
        world.ticks(made)
        assert world.troubles(made) == {trouble}
        assert world.sink.events == {}
        assert book.counts()[State.SENT] == 1
        world.service.lie = None
        world.ticks(made, 60)
        world.sink.check(world.service.chain, leaves(1))
        assert made.troubles == {}


def _reply(status: int, body: bytes = b"{}", **headers: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.reply(status, body, **headers)


def _stall(exchange: Exchange) -> None:
    exchange.web.stopped.wait(60.0)


def _drip(exchange: Exchange) -> None:
    exchange.raw(*[b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 600], pause=0.1)


FAULTS: list[tuple[Callable[[Exchange], None], Trouble]] = [
    (_reply(500), Trouble.OUTSIDE),
    (_reply(429), Trouble.OUTSIDE),
    (_reply(302, Location="http://127.0.0.1:1/"), Trouble.OUTSIDE),
    (_reply(400, b'{"error":"streamId is required"}'), Trouble.REQUEST_REFUSED),
    (_reply(400, b"<html>"), Trouble.ANSWER_MALFORMED),
    (_reply(401, b'{"message":"Unauthorized"}'), Trouble.UNAUTHORIZED),
    (_reply(403, b"<html>"), Trouble.UNAUTHORIZED),
    (lambda exchange: exchange.raw(), Trouble.OUTSIDE),
    (lambda exchange: exchange.raw(b"nonsense\r\n\r\n"), Trouble.OUTSIDE),
    (
        lambda exchange: exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
        Trouble.ANSWER_MALFORMED,
    ),
    (_stall, Trouble.OUTSIDE),
    (_drip, Trouble.OUTSIDE),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_a_service_that_fails_is_asked_until_it_has_recovered(world: World, number: int) -> None:
    world.service.fault, trouble = FAULTS[number]
    with world.book() as book:
        book.request_all(leaves(1))
        anchorer = world.anchorer(pause=10.0)
        patient = anchorer._api
        if world.service.fault in (_stall, _drip):
            anchorer._api = AnchorApi(world.service.url, timeout=0.3, backoff=0.001)
        made = AnchorService(book, anchorer, world.sink, clock=world.clock)
        world.ticks(made, 3)
        assert world.troubles(made) == {trouble}
        world.service.fault, anchorer._api = None, patient
        world.ticks(made)
        world.service.process()
        world.ticks(made, 60)
        world.sink.check(world.service.chain, leaves(1))


@given(st.integers(100, 599), st.binary(max_size=200))
def test_whatever_is_answered_is_an_answer_or_refused(status: int, body: bytes) -> None:
    _read_all(status, body)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
_NAMES = ("status", "cid", "streamId", "message", "anchorCommit", "witnessCar", "error")


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUES), st.binary(max_size=100))
def test_whatever_the_members_are(members: dict[str, Any], car: bytes) -> None:
    proper = {
        "status": "COMPLETED",
        "cid": str(tip(0)),
        "streamId": str(stream(0)),
        "witnessCar": witness(car),
    }
    _read_all(200, json.dumps(proper | members).encode())


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4), st.booleans())
def test_whatever_is_changed_in_a_witness(at: int, put: bytes, cuts: bool) -> None:
    proof = transaction_proof(_tree().root, b"\x01" * 32, "eip155:1337")
    event = _tree().time_event(0, stream(0).cid, proof)
    at %= len(event.car)
    car = event.car[:at] + put + (b"" if cuts else event.car[at + len(put) :])
    answer = Answer(Status.COMPLETED, "", None, car)
    try:
        found = read_witness(answer, leaf(0))
    except AnchorTroubleError:
        return
    assert (found.prev, found.stream) == (tip(0), stream(0).cid)


def _read_all(status: int, body: bytes) -> None:
    """Nothing but a refusal may come of it."""
    with suppress(AnchorTroubleError):
        answer = read_answer(status, body, leaf(0))
        if answer is not None:
            read_witness(answer, leaf(0))


def test_proofs_in_another_form_are_refused() -> None:
    proof = dagcbor.encode(
        {
            "root": tip(0),
            "txHash": Cid(b"\x01\x71\x12\x20" + b"\x01" * 32),
            "txType": "f(bytes32)",
            "chainId": "eip155:1337",
        }
    )
    car = time_event(stream(0).cid, tip(0), proof).car
    answer = Answer(Status.COMPLETED, "", None, car)
    with pytest.raises(AnchorTroubleError, match="members that no proof has"):
        read_witness(answer, leaf(0))
