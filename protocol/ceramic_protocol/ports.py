"""What the rules need from the outside world, as interfaces that any layer can implement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ceramic_protocol.cid import Cid
from ceramic_protocol.reasons import Finding, Reason
from ceramic_protocol.store_port import EventStore as EventStore  # noqa: PLC0414 - passed on


class RawEvent(NamedTuple):
    """One event as a source holds it: a CARv1 of its own, not yet looked at.

    `cid` is the event CID that the source claims, if it claims one. `position` is where in `source` the event
    was read: the byte offset in a file (of the root block or of the line), the row in a Parquet file, the
    position in a feed, the offset in a partition.
    """

    car: bytes
    cid: Cid | None
    source: str
    position: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a source from which no event can be read. `raw` is its beginning, at most 64 KiB.

    `cid` is that of an event which the source has, or had, but whose bytes it doesn't hand out.
    """

    detail: str
    source: str
    position: int
    length: int
    raw: bytes
    reason: Reason = Reason.ARCHIVE_DAMAGED
    cid: Cid | None = None


SourceItem = RawEvent | Damage


class SourcePage(NamedTuple):
    """Items of a source in order, and the ordinal behind them: whatever stands before it has been read."""

    items: Sequence[SourceItem]
    stop: int


class EventSource(Protocol):
    """A bounded, replayable sequence of events and damaged stretches, in the source's own order.

    Each item has an ordinal. Feeds and topics have gaps, so that some ordinals have no item. Implementations
    can be pickled, so that workers open the same data for themselves.
    """

    @property
    def count(self) -> int:
        """Number of ordinals, which begin at 0: that of the items and, where there are gaps, more."""
        ...

    @property
    def size(self) -> int:
        """About how many bytes the items have together, for whoever spreads the work."""
        ...

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """The items from ordinal `start` up to but not including `stop`, in pages of bounded size.

        Ordinals that aren't there are passed over. The pages together cover the range: each begins where the
        one before it stops, and the last one stops where the range does.

        Raises:
            OutsideError: the data can no longer be read.
        """
        ...


@runtime_checkable
class Resumable(EventSource, Protocol):
    """A source that can tell how far it was read, so that the next run reads what came since.

    Cursors are plain JSON values that mean something to the same kind of source only.
    """

    def cursor(self) -> dict[str, Any]:
        """The position behind all items.

        Raises:
            OutsideError: the data can no longer be read.
        """
        ...

    def since(self, cursor: Mapping[str, Any]) -> EventSource | None:
        """The items behind a position, or None if what lies before it isn't what it was.

        Raises:
            OutsideError: the data can no longer be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a chain knows for good about an anchor transaction.

    `to` is empty if the transaction makes a contract. `input` may be cut off behind `MAX_ANCHOR_INPUT_BYTES`,
    more than any anchor has. `timestamp` is the block's, in unix seconds. `status` is the receipt's, 1 for
    success and 0 for failure; it and `block_hash` are None where the source doesn't tell.
    """

    to: str
    input: bytes
    block_number: int
    timestamp: int
    status: int | None = None
    block_hash: bytes | None = None


class Chain(Protocol):
    """Known blockchain transactions. Called from several threads at once."""

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """The transaction with that hash on that CAIP-2 chain.

        Only what is settled is told. Whatever may still change, or can't be found out just now, is one of the
        reasons whose outcome is pending, and asking again later may give another answer.

        Returns:
            The transaction, or why there is none: `ANCHOR_TX_UNKNOWN` when the chain has no such transaction
            and won't get it, `ANCHOR_CHAIN_UNKNOWN` when that chain can't be asked. The detail is the cause
            as far as it isn't plain from the reason, else empty.
        """
        ...


@runtime_checkable
class DistantChain(Chain, Protocol):
    """A chain that takes its time to answer, so that it is better asked about many transactions at once."""

    def prefetch(self, wanted: Iterable[tuple[str, bytes]]) -> int:
        """Look transactions up and remember them for a while, for calls of `transaction` that follow.

        Args:
            wanted: CAIP-2 chain and hash of each, any of them several times.

        Returns:
            How many are pending.
        """
        ...


class NoChain:
    """A chain port that knows no chain, so that time events stay pending."""

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """`ANCHOR_CHAIN_UNKNOWN`, always."""
        del chain_id, tx_hash
        return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")


class Contracts(Protocol):
    """Wallets that are smart contracts. Called from several threads at once."""

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool | Finding:
        """Whether the contract calls a signature over a 32-byte digest its own (EIP-1271).

        Args:
            chain_id: CAIP-2 chain, such as `eip155:1`.
            address: of the contract, `0x` and 40 hexadecimal digits.
            digest: what was signed.
            signature: bytes that mean something to the contract.

        Returns:
            The contract's answer, or `CACAO_CONTRACT_UNKNOWN` with the cause when that chain can't be asked.
        """
        ...


class NoContracts:
    """Contracts that can't be asked, so that what they signed stays pending."""

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool | Finding:
        """`CACAO_CONTRACT_UNKNOWN`, always."""
        del digest, signature
        return Finding(Reason.CACAO_CONTRACT_UNKNOWN, f"contract {address} of {chain_id}: no endpoint named")


class Clock(Protocol):
    """The time that counts as now. Called from several threads at once."""

    def now(self) -> int:
        """Unix milliseconds."""
        ...
