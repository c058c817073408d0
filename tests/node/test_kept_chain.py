"""What a chain has settled is asked for once, and is there after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.clock import SystemClock
from ceramic_node.kept_chain import KeptChain
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import DistantChain, Transaction
from ceramic_protocol.reasons import Finding

LOCAL = "eip155:1337"
NOWHERE = b"\xee" * 32


class Asked:
    """The development chain as if it were far away; notes what it is asked."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.asked: list[bytes] = []

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        self.asked.append(tx_hash)
        return self.chain.transaction(chain_id, tx_hash)

    def prefetch(self, wanted: Iterable[tuple[str, bytes]]) -> int:
        return sum(isinstance(self.transaction(*key), Finding) for key in wanted)


def test_what_is_settled_is_asked_for_once(tmp_path: Path) -> None:
    dev = DevChain()
    hashes = [dev.anchor(Cid.of(b"%d" % number)) for number in range(3)]
    far = Asked(dev)
    with open_store(tmp_path, clock=SystemClock()) as store:
        kept = KeptChain(far, store.proofs)
        assert isinstance(kept, DistantChain)
        for _ in range(2):
            assert kept.transaction(LOCAL, hashes[0]) == dev.transaction(LOCAL, hashes[0])
        assert far.asked == [hashes[0]]
        # Another chain may have another transaction with that hash.
        assert isinstance(kept.transaction("eip155:1", hashes[0]), Finding)
    far.asked.clear()
    with open_store(tmp_path, clock=SystemClock()) as store:
        kept = KeptChain(far, store.proofs)
        assert kept.prefetch((LOCAL, each) for each in (*hashes, NOWHERE)) == 1
        assert far.asked == [*hashes[1:], NOWHERE]
        assert kept.transaction(LOCAL, hashes[0]) == dev.transaction(LOCAL, hashes[0])
        assert far.asked == [*hashes[1:], NOWHERE]


def test_what_may_change_is_asked_for_again(tmp_path: Path) -> None:
    dev = DevChain()
    far = Asked(dev)
    with open_store(tmp_path, clock=SystemClock()) as store:
        kept = KeptChain(far, store.proofs)
        for _ in range(2):
            assert isinstance(kept.transaction(LOCAL, NOWHERE), Finding)
    assert far.asked == [NOWHERE, NOWHERE]
