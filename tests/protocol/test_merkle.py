from __future__ import annotations

import inspect
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import car, merkle
from ceramic_protocol.anchors import CONTRACT_CALL, walk_path
from ceramic_protocol.build_time import encode_proof
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import EncodeError, UsageError
from ceramic_protocol.events import Proof, TimeEvent
from ceramic_protocol.merkle import Above, MerkleTree, Shape, cas_order, leaf_path

SHAPES = list(Shape)
STREAM = Cid.of(b"stream", DAG_JOSE)


def leaves(count: int) -> list[Cid]:
    return [Cid.of(b"%d" % number, DAG_JOSE) for number in range(count)]


def proof_of(root: Cid) -> Proof:
    return Proof(root, bytes(32), CONTRACT_CALL, "eip155:1")


def depth(tree: MerkleTree) -> int:
    return max(len(tree.path(index)) for index in range(len(tree.leaves)))


@given(st.integers(1, 300), st.sampled_from(SHAPES), st.booleans())
def test_every_path_leads_to_its_leaf(count: int, shape: Shape, has_metadata: bool) -> None:
    metadata = Cid.of(b"metadata") if has_metadata and shape is Shape.CAS else None
    tree = MerkleTree.build(leaves(count), shape, metadata=metadata)
    known = dict(tree.blocks())
    assert len(known) == len(tree.nodes) == max(count - 1, int(shape is Shape.CAS))
    assert all(cid.matches(block) for cid, block in known.items())
    for index, leaf in enumerate(tree.leaves):
        event = TimeEvent(Cid.of(b""), STREAM, leaf, proof_of(tree.root), tree.path(index), known)
        assert walk_path(event) is None
        on_path = {Cid.of(block): block for block in tree.witnesses(index)}
        assert on_path.items() <= known.items()
        assert len(on_path) == len(event.path)
        assert walk_path(TimeEvent(*event_members(event), on_path)) is None


def event_members(event: TimeEvent) -> tuple[Cid, Cid | None, Cid, Proof, tuple[int, ...]]:
    return event.cid, event.stream, event.prev, event.proof, event.path


@pytest.mark.parametrize("shape", SHAPES)
def test_trees_are_no_deeper_than_they_need_to_be(shape: Shape) -> None:
    for count in range(2, 70):
        assert depth(MerkleTree.build(leaves(count), shape)) == (count - 1).bit_length()


@pytest.mark.parametrize("shape", SHAPES)
def test_many_leaves_take_no_deep_stack(shape: Shape) -> None:
    count = 20_001
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 50)
    try:
        tree = MerkleTree.build(leaves(count), shape)
    finally:
        sys.setrecursionlimit(limit)
    assert len(tree.nodes) == count - 1
    assert tree.blocks() is not tree.blocks()
    assert [cid for cid, _ in tree.blocks()] == list(tree.nodes)


def test_the_two_shapes_agree_on_powers_of_two_alone() -> None:
    agreeing = [
        count
        for count in range(1, 33)
        if len({MerkleTree.build(leaves(count), shape).root for shape in SHAPES}) == 1
    ]
    assert agreeing == [2, 4, 8, 16, 32]


def test_blocks_of_a_time_event_come_in_the_services_order() -> None:
    tree = MerkleTree.build(leaves(11), Shape.CAS)
    proof = proof_of(tree.root)
    for index, event in enumerate(tree.time_events([STREAM] * 11, proof)):
        time, proved, *nodes = (block for _cid, block in car.decode(event.car).blocks)
        assert (Cid.of(time), proved) == (event.cid, encode_proof(proof))
        assert nodes == tree.witnesses(index)
        assert Cid.of(nodes[0]) == tree.root


def test_a_batch_within_a_larger_one() -> None:
    batch = MerkleTree.build(leaves(5), Shape.MMR)
    larger = MerkleTree.build([STREAM, batch.root, Cid.of(b"other")], Shape.CAS)
    above = Above(larger.path(1), larger.witnesses(1))
    for index, built in enumerate(batch.time_events([STREAM] * 5, proof_of(larger.root), above)):
        event = built.event
        assert isinstance(event, TimeEvent)
        assert event.path == (*larger.path(1), *batch.path(index))
        assert walk_path(event) is None
    lone = MerkleTree.build([batch.root], Shape.MMR)
    assert (lone.root, lone.path(0), lone.witnesses(0)) == (batch.root, (), [])


def test_leaves_of_js_are_sorted_by_their_text() -> None:
    listed = leaves(200)
    assert cas_order(listed) == [Cid.parse(text) for text in sorted(map(str, listed))]
    assert cas_order(listed) != sorted(listed)


def test_what_makes_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncodeError, match=r"^a tree has 1 to 16777216 leaves, not 0$"):
        MerkleTree.build([], Shape.CAS)
    with pytest.raises(EncodeError, match=r"^5 leaves don't fit in a tree 2 deep$"):
        MerkleTree.build(leaves(5), Shape.CAS, depth_limit=2)
    with pytest.raises(EncodeError, match="metadata"):
        MerkleTree.build(leaves(2), Shape.MMR, metadata=STREAM)
    assert MerkleTree.build(leaves(4), Shape.CAS, depth_limit=2).root
    monkeypatch.setattr(merkle, "MAX_TREE_LEAVES", 4)
    with pytest.raises(EncodeError, match=r"^a tree has 1 to 4 leaves, not 5$"):
        MerkleTree.build(leaves(5), Shape.MMR)


def test_what_makes_no_time_event() -> None:
    tree = MerkleTree.build(leaves(3), Shape.MMR)
    with pytest.raises(EncodeError):
        tree.time_event(0, STREAM, proof_of(STREAM))
    with pytest.raises(EncodeError, match=r"^2 streams for 3 leaves$"):
        tree.time_events([STREAM] * 2, proof_of(tree.root))
    for index in (-1, 3):
        with pytest.raises(UsageError):
            tree.time_event(index, STREAM, proof_of(tree.root))
        with pytest.raises(UsageError):
            leaf_path(index, 3, Shape.CAS)
