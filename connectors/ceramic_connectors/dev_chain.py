"""A blockchain in the process, for tests and local networks: it anchors at once and costs nothing.

Its proofs look like those of any chain but for the chain id, which only local networks accept.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, NamedTuple, Self

from ceramic_connectors.chain import FileChain
from ceramic_connectors.dev_file import DevFile
from ceramic_connectors.dev_transactions import DevTransaction, block_hash
from ceramic_protocol.anchors import ANCHOR_CONTRACT
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason

DEV_CHAIN_ID: Final = "eip155:1337"

_CHAIN_ID: Final = re.compile(r"eip155:(?:0|[1-9][0-9]{0,17})")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH_BYTES: Final = 32
_EMPTY_BLOCKS: Final = 2
"""Anchors to the contract count from block 2 on (consensus.md 2.5)."""


class DevBlock(NamedTuple):
    """A block; an empty one has the time of the last anchor before it."""

    number: int
    timestamp: int
    hash: bytes
    anchor: DevTransaction | None


class DevChain:
    """A chain that makes a block for each anchor, for several threads at once.

    It is the port `Chain` too, and knows its transactions as soon as they are made. With the same roots and
    times it makes the same transactions again. Pickled, it becomes a `FileChain` of what it has by then.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        path: Path | None = None,
        chain_id: str = DEV_CHAIN_ID,
        contract: str = ANCHOR_CONTRACT,
    ) -> None:
        """Begin a chain, or go on with the one in a file.

        Args:
            clock: tells the unix seconds for new blocks; no block is older than the one before it.
            path: a file of known transactions (see `FileChain`), in which every anchor is safe on the disk
                when `anchor` returns. Empty blocks aren't kept. It has to be closed in the end.
            chain_id: CAIP-2 chain of Ethereum's kind.
            contract: address that transactions go to.

        Raises:
            UsageError: chain or contract makes no sense, or the file is none that such a chain has made.
            OutsideError: the file can't be read or written, or another chain has it open.
        """
        if not _CHAIN_ID.fullmatch(chain_id) or not _ADDRESS.fullmatch(contract):
            raise UsageError(f"no development chain can be {chain_id[:80]!r} with contract {contract[:80]!r}")
        self.chain_id = chain_id
        self.contract = contract.lower()
        self._clock = clock
        self._lock = Lock()
        self._anchors: list[DevTransaction] = []
        self._by_hash: dict[bytes, DevTransaction] = {}
        self._by_block: dict[bytes, DevTransaction] = {}
        self._height = _EMPTY_BLOCKS - 1
        self._file = None if path is None else self._open(path)

    def __enter__(self) -> Self:
        """The chain itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def __reduce__(self) -> tuple[type[FileChain], tuple[Mapping[str, Mapping[bytes, Transaction]]]]:
        with self._lock:
            known = {tx_hash: anchor.known for tx_hash, anchor in self._by_hash.items()}
        return FileChain, ({self.chain_id: known},)

    @property
    def height(self) -> int:
        """Number of the latest block."""
        return self._height

    def anchor(self, root: Cid) -> bytes:
        """Anchor a Merkle root, in a block of its own.

        Returns:
            The transaction's hash.

        Raises:
            UsageError: the root's hash has not 32 bytes.
            OutsideError: the file can't be written; then the chain has to be opened again.
        """
        _check_root(root)
        with self._lock:
            return self._anchor(root)

    def upcoming(self, root: Cid) -> tuple[int, bytes]:
        """Nonce and hash of the transaction that `anchor` would make for that root now.

        Raises:
            UsageError: the root's hash has not 32 bytes.
        """
        _check_root(root)
        with self._lock:
            return len(self._anchors), self._make(root.digest, 0, 0).hash

    def anchor_as(self, root: Cid, nonce: int) -> None:
        """Anchor a root by the transaction with that nonce, as `upcoming` told it, if it is still to come.

        Raises:
            UsageError: the root's hash has not 32 bytes.
            OutsideError: the file can't be written; then the chain has to be opened again.
        """
        _check_root(root)
        with self._lock:
            if nonce == len(self._anchors):
                self._anchor(root)

    def mine(self, blocks: int = 1) -> None:
        """Put empty blocks on top."""
        with self._lock:
            self._height += max(blocks, 0)

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """See `Chain`; what isn't there is unknown at once."""
        if chain_id != self.chain_id:
            return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")
        found = self._by_hash.get(tx_hash)
        return Finding(Reason.ANCHOR_TX_UNKNOWN, "") if found is None else found.known

    def find(self, tx_hash: bytes) -> DevTransaction | None:
        """A transaction with all its members."""
        return self._by_hash.get(tx_hash)

    def block(self, number: int) -> DevBlock | None:
        """A block by its number, if there is such a block."""
        with self._lock:
            if not 0 <= number <= self._height:
                return None
            at = bisect_right(self._anchors, number, key=lambda anchor: anchor.number)
        last = self._anchors[at - 1] if at else None
        stamp = last.timestamp if last else 0
        if last is None or last.number != number:
            return DevBlock(number, stamp, block_hash(self.chain_id, number, stamp), None)
        return DevBlock(number, stamp, last.block_hash, last)

    def block_by_hash(self, hashed: bytes) -> DevBlock | None:
        """The block of an anchor by its hash; empty blocks are known by their numbers only."""
        found = self._by_block.get(hashed)
        return None if found is None else DevBlock(found.number, found.timestamp, hashed, found)

    def close(self) -> None:
        """Close the file, if there is one; nothing can be anchored then."""
        if self._file is not None:
            self._file.close()

    def _anchor(self, root: Cid) -> bytes:
        last = self._anchors[-1].timestamp if self._anchors else 0
        stamp = max(int(self._clock()), last)
        made = self._make(root.digest, self._height + 1, stamp)
        if self._file is not None:
            self._file.append(made.entry())
        return self._add(made)

    def _open(self, path: Path) -> DevFile:
        file = DevFile(path)
        try:
            self._load(FileChain.load(path), path)
        except BaseException:
            file.close()
            raise
        return file

    def _make(self, root: bytes, number: int, timestamp: int) -> DevTransaction:
        return DevTransaction(self.chain_id, self.contract, len(self._anchors), root, number, timestamp)

    def _add(self, made: DevTransaction) -> bytes:
        tx_hash = made.hash
        self._by_hash[tx_hash] = made
        self._by_block[made.block_hash] = made
        self._anchors.append(made)
        self._height = made.number
        return tx_hash

    def _load(self, chain: FileChain, path: Path) -> None:
        known: Mapping[bytes, Transaction] = chain.transactions.get(self.chain_id, {})
        if chain.transactions.keys() - {self.chain_id}:
            raise UsageError(f"{path} has transactions of other chains than {self.chain_id}")
        for tx_hash, found in known.items():
            made = self._make(found.input[4:], found.block_number, found.timestamp)
            is_next = made.number > self._height and len(made.root) == _HASH_BYTES
            if not is_next or made.hash != tx_hash or made.known != found:
                raise UsageError(f"{path}: transaction 0x{tx_hash.hex()} isn't of this development chain")
            self._add(made)


def _check_root(root: Cid) -> None:
    if len(root.digest) != _HASH_BYTES:
        raise UsageError(f"{root} can't be anchored, its hash has {len(root.digest)} bytes")
