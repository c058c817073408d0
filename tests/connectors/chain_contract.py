"""What every implementation of the port `Chain` promises."""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR, CONTRACT_CALL, Anchored, verify_anchor
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import Proof, TimeEvent
from ceramic_protocol.merkle import MerkleTree, Shape
from ceramic_protocol.ports import Chain, Transaction
from ceramic_protocol.reasons import Finding, Reason

CHAIN_ID = "eip155:1337"
LEAVES = [Cid.of(b"leaf %d" % number, DAG_JOSE) for number in range(6)]
TREES = [MerkleTree.build(LEAVES[:count], shape) for count in (1, 2, 5) for shape in Shape]
ROOTS = list(dict.fromkeys(tree.root for tree in TREES))
TIMES = [1_710_000_000 + 60 * number for number in range(len(ROOTS))]
UNKNOWN_HASH = b"\xee" * 32


@dataclass
class Held:
    """A port, and the transactions on its chain: one for each of `ROOTS`, with a block of its time."""

    chain: Chain
    hashes: list[bytes]


class ChainContract(ABC):
    """The suite; a class that names an implementation inherits it."""

    @classmethod
    @abstractmethod
    def holding(cls, folder: Path) -> AbstractContextManager[Held]:
        """A port to the chain `CHAIN_ID`, on which `ROOTS` were anchored at `TIMES`, and nothing else."""

    @pytest.fixture(scope="class")
    @classmethod
    def held(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
        with cls.holding(tmp_path_factory.mktemp("chain")) as held:
            yield held

    def proof(self, held: Held, root: Cid, chain_id: str = CHAIN_ID) -> Proof:
        return Proof(root, held.hashes[ROOTS.index(root)], CONTRACT_CALL, chain_id)

    def test_every_leaf_of_every_tree_is_proven(self, held: Held) -> None:
        for tree in TREES:
            wanted = Anchored(TIMES[ROOTS.index(tree.root)], CHAIN_ID)
            streams = [Cid.of(b"stream")] * len(tree.leaves)
            for built in tree.time_events(streams, self.proof(held, tree.root)):
                event = built.event
                assert isinstance(event, TimeEvent)
                assert verify_anchor(event, held.chain) == wanted

    def test_what_is_known_of_a_transaction(self, held: Held) -> None:
        blocks = set()
        for root, stamp, tx_hash in zip(ROOTS, TIMES, held.hashes, strict=True):
            found = held.chain.transaction(CHAIN_ID, tx_hash)
            assert isinstance(found, Transaction)
            assert (found.to.lower(), found.input) == (ANCHOR_CONTRACT, ANCHOR_SELECTOR + root.digest)
            assert (found.timestamp, found.status) == (stamp, 1)
            assert found.block_number >= 2
            assert found.block_hash is not None
            assert len(found.block_hash) == 32
            blocks.add((found.block_number, found.block_hash))
        assert len(blocks) == len(ROOTS)

    def test_a_transaction_proves_no_other_root(self, held: Held) -> None:
        tree, other = TREES[-1], TREES[0]
        proof = Proof(tree.root, held.hashes[ROOTS.index(other.root)], CONTRACT_CALL, CHAIN_ID)
        event = tree.time_event(0, LEAVES[0], proof).event
        assert isinstance(event, TimeEvent)
        found = verify_anchor(event, held.chain)
        assert isinstance(found, Finding)
        assert found.reason is Reason.ANCHOR_ROOT_MISMATCH

    def test_a_transaction_that_is_not_there(self, held: Held) -> None:
        assert held.chain.transaction(CHAIN_ID, UNKNOWN_HASH) == Finding(Reason.ANCHOR_TX_UNKNOWN, "")

    @pytest.mark.parametrize("chain_id", ["eip155:1", "eip155:01337", "inmemory:12345", "", "eip155:x"])
    def test_a_chain_that_nothing_is_known_of(self, held: Held, chain_id: str) -> None:
        for tx_hash in (*held.hashes, UNKNOWN_HASH):
            found = held.chain.transaction(chain_id, tx_hash)
            assert isinstance(found, Finding)
            assert found.reason is Reason.ANCHOR_CHAIN_UNKNOWN

    def test_many_threads_get_the_same_answers(self, held: Held) -> None:
        asked = [*held.hashes, UNKNOWN_HASH] * 10
        alone = [held.chain.transaction(CHAIN_ID, tx_hash) for tx_hash in asked]
        fresh: Chain = pickle.loads(pickle.dumps(held.chain))
        for chain in (held.chain, fresh):
            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(partial(chain.transaction, CHAIN_ID), asked)) == alone
        closing(fresh)

    def test_a_copy_in_another_process_gives_the_same_answers(self, held: Held) -> None:
        copy: Chain = pickle.loads(pickle.dumps(held.chain))
        for tx_hash in (*held.hashes, UNKNOWN_HASH):
            assert copy.transaction(CHAIN_ID, tx_hash) == held.chain.transaction(CHAIN_ID, tx_hash)
        closing(copy)


def closing(chain: Chain) -> None:
    """Close a port that has connections."""
    close = getattr(chain, "close", None)
    if close is not None:
        close()


@contextmanager
def closed(chain: Chain) -> Iterator[Chain]:
    """A port that is closed in the end."""
    try:
        yield chain
    finally:
        closing(chain)
