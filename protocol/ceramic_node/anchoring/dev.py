"""Anchors on a development chain in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring.ports import Absent, Batch, Order, Pace, Progress, Settled, Void
from ceramic_node.anchoring.proofs import settled, transaction_proof
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_ANCHOR_LEAVES
from ceramic_protocol.merkle import Shape


class DevAnchorer:
    """Anchors at once. An order is the transaction that the chain would make next."""

    def __init__(self, chain: DevChain, clock: Callable[[], float] = time.time) -> None:
        """Write to a chain, which stays the caller's.

        Without a file the chain forgets at a restart what it had; then it anchors what isn't settled anew.
        """
        self._chain = chain
        self._clock = clock

    @property
    def name(self) -> str:
        """Chain and contract."""
        return f"{self._chain.chain_id} {self._chain.contract} in this process"

    @property
    def pace(self) -> Pace:
        """One batch after the other, without waiting."""
        return Pace(Shape.CAS, MAX_ANCHOR_LEAVES, batches=1, pause=0.0, longest_pause=0.1)

    def prepare(self, batch: Batch, mine: Sequence[Order], others: Iterable[Order]) -> Order:
        """See `Anchorer`."""
        del mine, others
        nonce, tx_hash = self._chain.upcoming(batch.root)
        return Order(tx_hash, bytes(batch.root), self._clock(), {"nonce": nonce})

    def submit(self, order: Order) -> None:
        """See `Anchorer`."""
        self._chain.anchor_as(Cid(order.body), order.terms["nonce"])

    def look(self, batch: Batch, orders: Sequence[Order]) -> Progress:
        """See `Anchorer`."""
        order = orders[-1]
        if self._chain.find(order.key) is not None:
            proof = transaction_proof(batch.root, order.key, self._chain.chain_id)
            found = settled(proof, self._chain, self._chain.contract)
            if isinstance(found, Settled):
                return found
        if self._chain.upcoming(batch.root)[0] == order.terms["nonce"]:
            return Absent("the chain hasn't got the transaction")
        return Void("the chain has made another transaction instead")
