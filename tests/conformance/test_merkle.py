"""Merkle trees have the nodes, paths, proofs and time events that the references gave them."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

import pytest

from ceramic_protocol import car, dagcbor
from ceramic_protocol.anchors import CONTRACT_CALL
from ceramic_protocol.build_time import encode_proof, transaction_cid
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Proof, TimeEvent, decode_event
from ceramic_protocol.merkle import Above, MerkleTree, Shape, cas_order, leaf_path
from tests.support import vectors

JS_TREES: list[dict[str, Any]] = vectors.consensus("merkle_js_cas.json")["trees"]
RUST_TREES: list[dict[str, Any]] = vectors.consensus("merkle_rust.json")["trees"]
TEMPLATE: dict[str, str] = vectors.consensus("merkle_js_cas.json")["proof_template"]


def steps(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("/"))) if text else ()


def name(tree: dict[str, Any]) -> str:
    kinds = [kind for kind in ("sorted", "metadata") if tree.get(kind)]
    return "-".join([str(tree["n"]), *kinds])


def compare(tree: MerkleTree, wanted: dict[str, Any]) -> None:
    """Every byte: nodes in their order, root, proof, and each leaf's path and time event."""
    blocks = [(Cid.parse(node["cid"]), bytes.fromhex(node["bytes_hex"])) for node in wanted["nodes"]]
    assert list(tree.blocks()) == [(cid, block) for cid, block in blocks if cid != tree.metadata]
    assert str(tree.root) == wanted["root"]
    proof = Proof(tree.root, bytes.fromhex(TEMPLATE["txHash_hex"][2:]), CONTRACT_CALL, TEMPLATE["chainId"])
    assert encode_proof(proof).hex() == wanted["proof_bytes_hex"]
    assert str(Cid.of(encode_proof(proof))) == wanted["proof_cid"]
    assert str(transaction_cid(proof.tx_hash)) == wanted["tx_hash_cid"]
    leaves = wanted["leaves"]
    built = list(tree.time_events([Cid.parse(leaf["init_cid"]) for leaf in leaves], proof))
    for index, (leaf, event) in enumerate(zip(leaves, built, strict=True)):
        assert tree.path(index) == steps(leaf["path"])
        assert str(event.cid) == leaf["time_event_cid"]
        assert car.decode(event.car).blocks[0][1].hex() == leaf["time_event_bytes_hex"]


@pytest.mark.parametrize("wanted", JS_TREES, ids=name)
def test_trees_of_js(wanted: dict[str, Any]) -> None:
    leaves = [Cid.parse(leaf["prev_cid"]) for leaf in wanted["leaves"]]
    metadata = None
    if wanted["metadata"]:
        (metadata,) = (Cid.parse(node["cid"]) for node in wanted["nodes"] if isinstance(node["value"], dict))
    if wanted["sorted"]:
        assert leaves == cas_order(reversed(leaves))
    compare(MerkleTree.build(leaves, Shape.CAS, metadata=metadata), wanted)


@pytest.mark.parametrize("wanted", RUST_TREES, ids=name)
def test_trees_of_rust(wanted: dict[str, Any]) -> None:
    leaves = [Cid.parse(leaf["prev_cid"]) for leaf in wanted["leaves"]]
    compare(MerkleTree.build(leaves, Shape.MMR), wanted)


def golden_trees() -> list[dict[str, Any]]:
    file = "rust_anchor_merkle_trees.json"
    return vectors.reference(file)["expected"] if vectors.names("reference", file) else []


@pytest.mark.parametrize("wanted", golden_trees(), ids=lambda wanted: str(wanted["count"]))
def test_golden_files_of_rust(wanted: dict[str, Any]) -> None:
    numbers = range(1, wanted["count"] + 1)
    leaves = [Cid.of(number.to_bytes(8, "big"), codec=0) for number in numbers]
    tree = MerkleTree.build(leaves, Shape.MMR)
    assert [str(leaf) for leaf in leaves] == wanted["leaves"]
    nodes = [(str(cid), [str(link) for link in links(block)]) for cid, block in tree.blocks()]
    assert nodes == list(wanted["nodes"].items())
    assert str(tree.root) == wanted["root"]
    paths = ["/".join(map(str, tree.path(index))) for index in range(len(leaves))]
    assert paths == wanted["paths"]


def links(block: bytes) -> list[Cid]:
    found: Any = dagcbor.decode(block)
    return found


@pytest.mark.parametrize(("given", "wanted"), vectors.pairs("rust_index_to_path.json"))
def test_paths_of_rust(given: dict[str, int], wanted: str) -> None:
    assert leaf_path(given["index"], given["count"], Shape.MMR) == steps(wanted)


def answered(response: dict[str, Any]) -> bytes:
    """The witness CAR in an answer of js-ceramic's service."""
    return base64.b64decode(response["witnessCar"] + "==")


@pytest.mark.parametrize(
    ("file", "member"), [("js_cas_response.json", "response"), ("rust_cas_witness_car.json", "input")]
)
def test_an_answer_of_the_service_is_made_anew(file: str, member: str) -> None:
    """The lowest node is a tree of two; what lies above it is as in a tree of trees."""
    data = answered(vectors.reference(file)[member])
    event = decode_event(data)
    assert isinstance(event, TimeEvent)
    assert str(event.cid) == vectors.reference(file)[member]["anchorCommit"]["cid"]
    nodes = [block for _cid, block in car.decode(data).blocks[2:]]
    lower = MerkleTree.build(links(nodes[-1]), Shape.CAS)
    above = Above(event.path[:-1], nodes[:-1])
    assert event.stream is not None
    assert lower.time_event(0, event.stream, event.proof, above) == BuiltEvent(event.cid, data)
    for (_, upper), (cid, _) in pairwise(car.decode(data).blocks[2:]):
        assert cid in links(upper)


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_how_many() -> None:
    assert (len(JS_TREES), len(RUST_TREES)) == (36, 18)
    if vectors.names("reference"):
        assert (len(golden_trees()), len(vectors.pairs("rust_index_to_path.json"))) == (5, 14)
