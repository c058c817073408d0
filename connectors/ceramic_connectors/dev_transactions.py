"""Transactions of a development chain: signed like real ones, and the same ones again on every replay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from coincurve import PrivateKey

from ceramic_connectors import rlp
from ceramic_connectors.rlp import Item
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.anchors import ANCHOR_SELECTOR
from ceramic_protocol.ports import Transaction

DID_ANCHOR: Final = keccak256(b"DidAnchor(address,bytes32)")
"""Topic of what the anchor contract logs (consensus.md 2.5)."""

GAS: Final = 60_000
GAS_USED: Final = 30_000
FEE: Final = 2_000_000_000
TIP: Final = 1_000_000_000

_TYPE: Final = 2
_KEY: Final = PrivateKey(keccak256(b"development chain of ceramic-streams"))


@cache
def sender() -> str:
    """The address whose transactions these are."""
    public = _KEY.public_key.format(compressed=False)[1:]
    return f"0x{keccak256(public)[12:].hex()}"


@dataclass(frozen=True)
class DevTransaction:
    """An anchor transaction, alone in its block: the `nonce`-th of its chain, counted from 0."""

    chain_id: str
    contract: str
    nonce: int
    root: bytes
    number: int
    timestamp: int

    @property
    def input(self) -> bytes:
        """The call of the anchor contract."""
        return ANCHOR_SELECTOR + self.root

    @property
    def _members(self) -> list[Item]:
        chain, to = int(self.chain_id.removeprefix("eip155:")), bytes.fromhex(self.contract[2:])
        return [chain, self.nonce, TIP, FEE, GAS, to, 0, self.input, []]

    @cached_property
    def _signature(self) -> tuple[int, int, int]:
        """Parity, r and s; the same for the same transaction (RFC 6979)."""
        digest = keccak256(bytes([_TYPE]) + rlp.encode(self._members))
        signature = _KEY.sign_recoverable(digest, hasher=None)
        return signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of the signed transaction (EIP-1559)."""
        return keccak256(bytes([_TYPE]) + rlp.encode([*self._members, *self._signature]))

    @property
    def block_hash(self) -> bytes:
        """The hash of its block."""
        return block_hash(self.chain_id, self.number, self.timestamp, self.hash)

    @cached_property
    def known(self) -> Transaction:
        """What the chain port tells of it."""
        return Transaction(self.contract, self.input, self.number, self.timestamp, 1, self.block_hash)

    def entry(self) -> dict[str, Any]:
        """Its entry in a file of known transactions, see `FileChain`."""
        return {
            "chainId": self.chain_id,
            "txHash": f"0x{self.hash.hex()}",
            "from": sender(),
            "to": self.contract,
            "input": f"0x{self.input.hex()}",
            "nonce": self.nonce,
            "blockNumber": self.number,
            "blockHash": f"0x{self.block_hash.hex()}",
            "timestamp": self.timestamp,
            "status": 1,
        }

    def as_json(self) -> dict[str, Any]:
        """The result of `eth_getTransactionByHash`."""
        parity, r, s = self._signature
        return {
            **self._place(),
            "hash": f"0x{self.hash.hex()}",
            "type": hex(_TYPE),
            "chainId": hex(int(self.chain_id.removeprefix("eip155:"))),
            "from": sender(),
            "to": self.contract,
            "input": f"0x{self.input.hex()}",
            "nonce": hex(self.nonce),
            "value": "0x0",
            "gas": hex(GAS),
            "gasPrice": hex(FEE),
            "maxFeePerGas": hex(FEE),
            "maxPriorityFeePerGas": hex(TIP),
            "accessList": [],
            "v": hex(parity),
            "yParity": hex(parity),
            "r": hex(r),
            "s": hex(s),
        }

    def receipt(self) -> dict[str, Any]:
        """The result of `eth_getTransactionReceipt`."""
        place = {**self._place(), "transactionHash": f"0x{self.hash.hex()}"}
        topics = [f"0x{DID_ANCHOR.hex()}", f"0x{bytes(12).hex()}{sender()[2:]}"]
        event = {"address": self.contract, "topics": topics, "data": f"0x{self.root.hex()}"}
        return {
            **place,
            "type": hex(_TYPE),
            "status": "0x1",
            "from": sender(),
            "to": self.contract,
            "contractAddress": None,
            "gasUsed": hex(GAS_USED),
            "cumulativeGasUsed": hex(GAS_USED),
            "effectiveGasPrice": hex(FEE),
            "logs": [{**place, **event, "logIndex": "0x0", "removed": False}],
            "logsBloom": f"0x{bytes(256).hex()}",
        }

    def _place(self) -> dict[str, Any]:
        block = f"0x{self.block_hash.hex()}"
        return {"blockHash": block, "blockNumber": hex(self.number), "transactionIndex": "0x0"}


def block_hash(chain_id: str, number: int, timestamp: int, tx_hash: bytes = b"") -> bytes:
    """The hash of a block, with a transaction or without; it isn't made of a real header."""
    return keccak256(rlp.encode([chain_id.encode(), number, timestamp, tx_hash]))
