"""A chain port made of the transactions one puts in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason


@dataclass(slots=True)
class KnownChain:
    """Knows these chains, and on them these transactions and no others."""

    chains: set[str] = field(default_factory=set)
    transactions: dict[tuple[str, bytes], Transaction] = field(default_factory=dict)

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """See `Chain`."""
        if chain_id not in self.chains:
            return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")
        return self.transactions.get((chain_id, tx_hash), Finding(Reason.ANCHOR_TX_UNKNOWN, ""))

    @classmethod
    def of_file(cls, listed: Iterable[Mapping[str, Any]]) -> KnownChain:
        """The chain of a `chain.json`: every chain that is named in it is known as a whole."""
        chain = cls()
        for entry in listed:
            chain.chains.add(entry["chainId"])
            chain.transactions[entry["chainId"], bytes.fromhex(entry["txHash"][2:])] = Transaction(
                to=entry["to"],
                input=bytes.fromhex(entry["input"][2:]),
                block_number=entry["blockNumber"],
                timestamp=entry["timestamp"],
            )
        return chain
