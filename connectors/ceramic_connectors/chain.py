"""Known anchor transactions, from a JSON file.

The file is a list of `{chainId, txHash, to, input, blockNumber, timestamp}`, perhaps with `blockHash` and
`status` (1, or 0 for a transaction that failed); other members mean nothing. `timestamp` is the block's, in
unix seconds. A chain that stands in the file is taken to be there as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import orjson

from ceramic_connectors.outside import outside
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason

_CHAIN_ID: Final = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


@dataclass(frozen=True, slots=True)
class FileChain:
    """The transactions of a file, by CAIP-2 chain and 32-byte hash."""

    transactions: Mapping[str, Mapping[bytes, Transaction]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of transactions.

        Raises:
            UsageError: it is not such a file; the message names entry (counted from 1) and member.
            OutsideError: it can't be read.
        """
        with outside(f"read {path}"):
            data = path.read_bytes()
        try:
            entries = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            msg = f"{path} is not JSON: {error}"
            raise UsageError(msg) from None
        if not isinstance(entries, list):
            msg = f"{path} is not a JSON list of transactions"
            raise UsageError(msg)
        chains: dict[str, dict[bytes, Transaction]] = {}
        for number, entry in enumerate(entries, 1):
            reader = _Entry(f"{path}: transaction {number}", entry)
            known = chains.setdefault(reader.text("chainId", _CHAIN_ID), {})
            reader.add_to(known)
        return cls(chains)

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        """The transaction with that hash on that CAIP-2 chain.

        Returns:
            The transaction; `ANCHOR_TX_UNKNOWN` if the file has others of that chain, and
            `ANCHOR_CHAIN_UNKNOWN` if it has none.
        """
        known = self.transactions.get(chain_id)
        if known is None:
            return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "")
        return known.get(tx_hash, Finding(Reason.ANCHOR_TX_UNKNOWN, ""))


class _Entry:
    """One entry of the file, member by member."""

    def __init__(self, name: str, value: object) -> None:
        self._name = name
        if not isinstance(value, dict):
            msg = f"{name} is not a JSON object"
            raise UsageError(msg)
        self._value = value

    def add_to(self, known: dict[bytes, Transaction]) -> None:
        tx_hash = self._bytes("txHash", _HASH)
        transaction = Transaction(
            # Contract creations go to nobody.
            to="" if self._value.get("to", "") is None else self.text("to", _ADDRESS).lower(),
            input=self._bytes("input", _HEX),
            block_number=self._number("blockNumber"),
            timestamp=self._number("timestamp"),
            status=self._status(),
            block_hash=None if self._value.get("blockHash") is None else self._bytes("blockHash", _HASH),
        )
        if known.setdefault(tx_hash, transaction) != transaction:
            msg = f"{self._name}: txHash 0x{tx_hash.hex()} stands in the file twice, with other members"
            raise UsageError(msg)

    def text(self, member: str, form: re.Pattern[str]) -> str:
        value = self._value.get(member)
        if not isinstance(value, str) or not form.fullmatch(value):
            raise self._bad(member, value)
        return value

    def _bytes(self, member: str, form: re.Pattern[str]) -> bytes:
        return bytes.fromhex(self.text(member, form)[2:])

    def _number(self, member: str) -> int:
        value = self._value.get(member)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._bad(member, value)
        return value

    def _status(self) -> int | None:
        if self._value.get("status") is None:
            return None
        status = self._number("status")
        if status > 1:
            raise self._bad("status", status)
        return status

    def _bad(self, member: str, value: object) -> UsageError:
        if member not in self._value:
            return UsageError(f"{self._name} has no member {member}")
        return UsageError(f"{self._name}: {member} can't be {str(value)[:80]!r}")
