"""Signed calls of a contract: EIP-1559, and EIP-155 for chains without that."""

from __future__ import annotations

from typing import Final, NamedTuple

from coincurve import PrivateKey

from ceramic_connectors import rlp
from ceramic_connectors.rlp import Item
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.errors import UsageError

_TYPE: Final = 2
_EIP155_BASE: Final = 35


class Fees(NamedTuple):
    """Wei for a unit of gas: `fee` at most, of which `tip` goes to whoever makes the block.

    A tip of None makes a transaction as they were before EIP-1559, with `fee` as its price.
    """

    fee: int
    tip: int | None


class Call(NamedTuple):
    """A call without value."""

    chain_number: int
    nonce: int
    gas: int
    to: bytes
    data: bytes
    fees: Fees


class Account:
    """A key that signs transactions. The secret shows in no text."""

    def __init__(self, secret: bytes) -> None:
        """Take a key.

        Raises:
            UsageError: the secret is 0 or beyond the order of the curve.
        """
        try:
            self._key = PrivateKey(bytes(secret))
        except ValueError:
            raise UsageError("the secret is no key of secp256k1") from None
        public = self._key.public_key.format(compressed=False)[1:]
        self.address: Final = f"0x{keccak256(public)[12:].hex()}"

    def __repr__(self) -> str:
        """The address."""
        return f"Account({self.address})"

    def sign(self, call: Call) -> tuple[bytes, bytes]:
        """The transaction's hash and its bytes; always the same for the same call (RFC 6979)."""
        raw = self._legacy(call) if call.fees.tip is None else self._typed(call, call.fees.tip)
        return keccak256(raw), raw

    def _typed(self, call: Call, tip: int) -> bytes:
        members: list[Item] = [call.chain_number, call.nonce, tip, call.fees.fee, call.gas, call.to, 0]
        members += [call.data, []]
        parity, r, s = self._signature(bytes([_TYPE]) + rlp.encode(members))
        return bytes([_TYPE]) + rlp.encode([*members, parity, r, s])

    def _legacy(self, call: Call) -> bytes:
        members: list[Item] = [call.nonce, call.fees.fee, call.gas, call.to, 0, call.data]
        parity, r, s = self._signature(rlp.encode([*members, call.chain_number, 0, 0]))
        return rlp.encode([*members, _EIP155_BASE + 2 * call.chain_number + parity, r, s])

    def _signature(self, message: bytes) -> tuple[int, int, int]:
        """Parity, r and s."""
        made = self._key.sign_recoverable(keccak256(message), hasher=None)
        return made[64], int.from_bytes(made[:32], "big"), int.from_bytes(made[32:64], "big")
