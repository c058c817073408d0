"""A chain whose settled answers are kept, so that a node asks for each of them once, restarted or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ceramic_protocol.node_ports import ChainProofs
from ceramic_protocol.ports import DistantChain, Transaction
from ceramic_protocol.reasons import Finding


class KeptChain:
    """A `DistantChain` that remembers for good what is settled. For several threads."""

    def __init__(self, chain: DistantChain, proofs: ChainProofs) -> None:
        """Say whom to ask, and where answers are kept.

        Args:
            chain: tells only what won't change any more.
            proofs: keeps that.
        """
        self._chain: Final = chain
        self._proofs: Final = proofs

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """See `Chain`.

        Raises:
            OutsideError: the store fails.
        """
        kept = self._proofs.transaction(chain_id, tx_hash)
        if kept is not None:
            return kept
        found = self._chain.transaction(chain_id, tx_hash)
        if isinstance(found, Transaction):
            self._proofs.add(chain_id, tx_hash, found)
        return found

    def prefetch(self, wanted: Iterable[tuple[str, bytes]]) -> int:
        """See `DistantChain`: only what isn't kept is asked for."""
        return self._chain.prefetch(key for key in wanted if self._proofs.transaction(*key) is None)
