"""The client of an anchor service, and answers of a real one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import (
    AnchorApi,
    Leaf,
    State,
    Trouble,
    node_stream,
)
from ceramic_node.anchoring.ports import Settled
from ceramic_node.anchoring.proofs import transaction_proof
from ceramic_node.anchoring.remote_answers import judge
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import TimeEvent
from ceramic_protocol.ids import StreamId
from ceramic_protocol.merkle import MerkleTree, Shape
from ceramic_protocol.ports import Transaction
from tests.node.anchoring.making import leaves, stream, tip
from tests.node.anchoring.remote_world import SIGNER, World, witness
from tests.node.anchoring.service_stub import Body, service
from tests.support import vectors
from tests.support.chains import KnownChain


def recorded() -> tuple[Body, Body]:
    """A real answer, and what is in it."""
    file = vectors.folder("reference") / "js_cas_response.json"
    if not file.exists():
        pytest.skip("there is no recorded answer among the vectors: set CERAMIC_VECTORS")
    vector = json.loads(file.read_text())
    return vector["response"], vector["expect"]


def test_the_recorded_answer_becomes_the_recorded_time_event(tmp_path: Path) -> None:
    response, expected = recorded()
    wanted = Leaf(StreamId.parse(response["streamId"]), Cid.parse(response["cid"]))
    proof = expected["proof"]
    root, tx_hash = Cid.parse(proof["root"]), Cid.parse(proof["txHash"]).digest
    chain = KnownChain({proof["chainId"]})
    transaction = Transaction(ANCHOR_CONTRACT, ANCHOR_SELECTOR + root.digest, 6_000_000, 1722299317, 1)
    with service(DevChain()) as running:
        world = World(running, tmp_path, {"chain": chain, "stream": None})
        with world.book() as book:
            book.request(*wanted)
            made = world.make(book)
            world.ticks(made, 3)
            assert running.known[wanted.tip].body().keys() <= response.keys(), "the stub is like the real one"
            running.lie = lambda _body: response
            world.ticks(made)
            assert world.troubles(made) == {Trouble.PROOF_REJECTED}, "the chain knows no such transaction"
            chain.transactions[proof["chainId"], tx_hash] = transaction
            world.ticks(made, 60)
            assert book.counts()[State.DONE] == 1
        (done,) = world.sink.events.values()
        assert str(done.event.cid) == expected["time_event_cid"]
        assert witness(done.event.car) == response["witnessCar"], "byte for byte"


def test_the_stub_answers_like_the_recorded_service() -> None:
    response, _expected = recorded()
    with service(DevChain()) as running:
        api = AnchorApi(running.url)
        api.post(json.dumps({"streamId": str(stream(0)), "cid": str(tip(0)), "timestamp": ""}).encode())
        running.process()
        said = json.loads(api.get(str(tip(0)))[1])
        assert {name: type(value) for name, value in said.items()} == {
            name: type(value) for name, value in response.items()
        }


def test_a_path_through_the_service_s_tree_goes_on_through_ours() -> None:
    ours = MerkleTree.build([each.tip for each in leaves(5)], Shape.MMR)
    theirs = MerkleTree.build([tip(50), ours.root, tip(51)], Shape.CAS)
    chain = DevChain()
    proof = transaction_proof(theirs.root, chain.anchor(theirs.root), chain.chain_id)
    upper = theirs.time_event(1, node_stream(SIGNER).cid, proof)
    event = upper.event
    assert isinstance(event, TimeEvent)
    found = judge(event, chain)
    assert isinstance(found, Settled)
    for index, each in enumerate(leaves(5)):
        lower = ours.time_event(index, each.stream.cid, found.proof, found.above).event
        assert isinstance(lower, TimeEvent)
        assert lower.path == (*event.path, *ours.path(index))
