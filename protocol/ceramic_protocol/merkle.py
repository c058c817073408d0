"""Merkle trees over anchored events, in the two shapes that are deployed (consensus.md 2.2 and 2.3).

Both split a list of leaves in two, again and again, and differ in where. So one walk serves both: nodes stand
in the order in which they are made, children before parents and left before right, and the place of each
follows from the leaves before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, Self

from ceramic_protocol.build_time import merkle_node, time_event
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import EncodeError, UsageError
from ceramic_protocol.events import Proof
from ceramic_protocol.limits import MAX_TREE_LEAVES


class Shape(Enum):
    """Where a tree splits its leaves.

    `CAS`, of js-ceramic's anchor service: in half; a lone leaf has a node above it. `MMR`, of ceramic-one:
    behind the largest power of two; a lone leaf is the root itself.
    """

    CAS = "cas"
    MMR = "mmr"

    def split(self, count: int) -> int:
        """How many of two or more leaves lie on the left."""
        return count // 2 if self is Shape.CAS else 1 << (count - 1).bit_length() - 1


class Above(NamedTuple):
    """Where a tree's root lies in a larger tree: the path from that one's root, and its nodes on the path."""

    path: Sequence[int] = ()
    witnesses: Sequence[bytes] = ()


_NOTHING_ABOVE: Final = Above()


def leaf_path(index: int, count: int, shape: Shape) -> tuple[int, ...]:
    """The steps from the root down to a leaf, 0 for left and 1 for right.

    Args:
        index: of the leaf, from 0.
        count: of all leaves.
        shape: of the tree.

    Raises:
        UsageError: there is no such leaf.
    """
    if not 0 <= index < count:
        raise UsageError(f"leaf {index} of {count}")
    if count == 1 and shape is Shape.CAS:
        return (0,)
    steps = []
    while count > 1:
        left = shape.split(count)
        steps.append(int(index >= left))
        index, count = (index - left, count - left) if steps[-1] else (index, left)
    return tuple(steps)


def cas_order(leaves: Iterable[Cid]) -> list[Cid]:
    """Leaves in the order in which js-ceramic's anchor service puts them: by the CIDs' text."""
    return sorted(leaves, key=str)


@dataclass(frozen=True, slots=True)
class MerkleTree:
    """A tree: about 100 bytes for each leaf. `nodes` has the nodes' CIDs in the order they are made."""

    shape: Shape
    leaves: Sequence[Cid] = field(repr=False)
    nodes: Sequence[Cid] = field(repr=False)
    metadata: Cid | None = None

    @classmethod
    def build(
        cls,
        leaves: Iterable[Cid],
        shape: Shape,
        *,
        metadata: Cid | None = None,
        depth_limit: int | None = None,
    ) -> Self:
        """The tree over these leaves, in their order.

        Args:
            leaves: CIDs of the events to be anchored; for `Shape.CAS` see `cas_order`.
            shape: where it splits them.
            metadata: a third link in the root, as in older trees of js-ceramic's service.
            depth_limit: how deep it may be.

        Raises:
            EncodeError: there are no leaves, or too many, or metadata has no place in the tree.
        """
        listed = tuple(leaves)
        if not listed or len(listed) > MAX_TREE_LEAVES:
            raise EncodeError(f"a tree has 1 to {MAX_TREE_LEAVES} leaves, not {len(listed)}")
        if depth_limit is not None and (len(listed) - 1).bit_length() > depth_limit:
            raise EncodeError(f"{len(listed)} leaves don't fit in a tree {depth_limit} deep")
        if metadata is not None and shape is not Shape.CAS:
            raise EncodeError("only trees of js-ceramic's service have metadata")
        nodes: list[Cid] = []
        cls(shape, listed, nodes, metadata)._make(nodes)
        return cls(shape, listed, tuple(nodes), metadata)

    @property
    def root(self) -> Cid:
        """What the transaction anchors."""
        return self.nodes[-1] if self.nodes else self.leaves[0]

    def path(self, index: int) -> tuple[int, ...]:
        """The steps from the root down to a leaf, see `leaf_path`."""
        return leaf_path(index, len(self.leaves), self.shape)

    def blocks(self) -> Iterator[tuple[Cid, bytes]]:
        """CID and block of every node, in the order of `nodes`."""
        places = _places(len(self.leaves), self.shape)
        return ((cid, self._block(at)) for cid, at in zip(self.nodes, places, strict=True))

    def witnesses(self, index: int) -> list[bytes]:
        """The blocks of the nodes on the path to a leaf, the root's first.

        Raises:
            UsageError: there is no such leaf.
        """
        at = _Part(0, len(self.leaves))
        blocks = []
        for step in self.path(index):
            blocks.append(self._block(at))
            at = at.children(self.shape)[step] if at.size > 1 else at
        return blocks

    def time_event(self, index: int, stream: Cid, proof: Proof, above: Above = _NOTHING_ABOVE) -> BuiltEvent:
        """The time event of a leaf: its CAR is also the witness CAR that js-ceramic's service answers with.

        Args:
            index: of the leaf.
            stream: CID of the leaf's stream's init event.
            proof: that the root of this tree, or of the larger one, is anchored.
            above: where this tree's root lies in a larger one, if the proof is of that.

        Raises:
            UsageError: there is no such leaf.
            EncodeError: the proof is of another root.
        """
        path = (*above.path, *self.path(index))
        nodes = (*above.witnesses, *self.witnesses(index))
        return time_event(stream, self.leaves[index], proof, path, nodes)

    def time_events(
        self, streams: Sequence[Cid], proof: Proof, above: Above = _NOTHING_ABOVE
    ) -> Iterator[BuiltEvent]:
        """The time events of all leaves in their order, made one by one; `streams` has that order too.

        Raises:
            EncodeError: the proof is of another root, or there are more or fewer streams than leaves.
        """
        if len(streams) != len(self.leaves):
            raise EncodeError(f"{len(streams)} streams for {len(self.leaves)} leaves")
        return (self.time_event(index, stream, proof, above) for index, stream in enumerate(streams))

    def _make(self, nodes: list[Cid]) -> None:
        """Add all nodes to `nodes`, which the tree reads the finished ones from."""
        for at in _places(len(self.leaves), self.shape):
            nodes.append(Cid.of(self._block(at)))  # noqa: PERF401 -- each is made of those before it

    def _block(self, at: _Part) -> bytes:
        if at.size == 1:
            links: tuple[Cid | None, ...] = (self.leaves[0], None)
        else:
            links = tuple(self._link(child) for child in at.children(self.shape))
        is_root = at.size == len(self.leaves)
        return merkle_node(*links, self.metadata) if is_root and self.metadata else merkle_node(*links)

    def _link(self, at: _Part) -> Cid:
        return self.leaves[at.start] if at.size == 1 else self.nodes[at.node]


class _Part(NamedTuple):
    """A subtree: its first leaf, how many it has, and how many nodes were made before its own."""

    start: int
    size: int
    before: int = 0

    @property
    def node(self) -> int:
        """Which node is its root; it has one fewer than leaves, and the root is made last."""
        return self.before + self.size - 2

    def children(self, shape: Shape) -> tuple[_Part, _Part]:
        """Left and right half of two or more leaves."""
        left = shape.split(self.size)
        right = _Part(self.start + left, self.size - left, self.before + left - 1)
        return _Part(self.start, left, self.before), right


def _places(count: int, shape: Shape) -> Iterator[_Part]:
    """The parts of a tree that have a node, in the order in which the nodes are made."""
    if count == 1 and shape is Shape.CAS:
        yield _Part(0, 1)
    todo = [(_Part(0, count), False)]
    while todo:
        at, is_split = todo.pop()
        if is_split:
            yield at
        elif at.size > 1:
            left, right = at.children(shape)
            todo += ((at, True), (right, False), (left, False))
