"""What an Ethereum node says about a transaction and its block, checked to be of one piece."""

from __future__ import annotations

from typing import NamedTuple, Self

from ceramic_connectors.eth_json import NonsenseError, count, data, members, quantity
from ceramic_connectors.eth_transactions import ADDRESS_BYTES, HASH_BYTES, transaction_hash
from ceramic_protocol.limits import MAX_ANCHOR_INPUT_BYTES
from ceramic_protocol.ports import Transaction


class Place(NamedTuple):
    """A block by number and hash."""

    number: int
    hash: bytes


class Sent(NamedTuple):
    """A transaction that hashes to its hash, and the block that it is in, if any."""

    hash: bytes
    to: str
    input: bytes
    place: Place | None

    @classmethod
    def read(cls, value: object, chain_id: str, tx_hash: bytes) -> Self:
        """From the result of `eth_getTransactionByHash`.

        Raises:
            NonsenseError: it is no transaction, or another one than was asked for.
        """
        found = members(value)
        if data(found.get("hash")) != tx_hash or transaction_hash(found) != tx_hash:
            raise NonsenseError(f"another transaction than 0x{tx_hash.hex()}")
        number = found.get("chainId")
        if number is not None and f"eip155:{quantity(number)}" != chain_id:
            raise NonsenseError(f"a transaction for another chain than {chain_id}")
        to = found.get("to")
        return cls(
            hash=tx_hash,
            to="" if to is None else f"0x{data(to, ADDRESS_BYTES).hex()}",
            input=data(found["input"])[:MAX_ANCHOR_INPUT_BYTES],
            place=None if found.get("blockHash") is None else _place(found, "blockNumber", "blockHash"),
        )

    def settled(self, receipt: object, header: Header) -> Transaction:
        """The transaction with the result of `eth_getTransactionReceipt` and the block that it is in.

        Raises:
            NonsenseError: these three don't belong together.
        """
        found = members(receipt)
        place = _place(found, "blockNumber", "blockHash")
        if data(found.get("transactionHash")) != self.hash or not place == header.place == self.place:
            raise NonsenseError(f"transaction 0x{self.hash.hex()}, its receipt and its block don't fit")
        status = None if found.get("status") is None else quantity(found["status"])
        if status not in (None, 0, 1):
            raise NonsenseError(f"a receipt can't have the status {status}")
        return Transaction(self.to, self.input, place.number, header.timestamp, status, place.hash)


class Header(NamedTuple):
    """A block: where it stands and its time in unix seconds."""

    place: Place
    timestamp: int

    @classmethod
    def read(cls, value: object, number: int) -> Self:
        """From the result of `eth_getBlockByNumber`.

        Raises:
            NonsenseError: it is no block, or another one than was asked for.
        """
        found = members(value)
        place = _place(found, "number", "hash")
        if place.number != number:
            raise NonsenseError(f"block {place.number} instead of {number}")
        return cls(place, count(found.get("timestamp")))


def _place(found: object, number: str, block_hash: str) -> Place:
    value = members(found)
    return Place(count(value.get(number)), data(value.get(block_hash), HASH_BYTES))
