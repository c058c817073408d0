"""A transaction's hash, from its members as JSON-RPC gives them.

A proof of time names the transaction by its hash. So whoever computes it from what an endpoint says needs to
trust that endpoint for nothing that stands in the transaction: neither for the contract nor for the root.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ceramic_connectors import rlp
from ceramic_connectors.eth_json import NonsenseError, data, members, quantity
from ceramic_connectors.rlp import Item
from ceramic_protocol.accounts.hashes import keccak256

ADDRESS_BYTES: Final = 20
HASH_BYTES: Final = 32


def transaction_hash(value: Mapping[str, Any]) -> bytes:
    """The hash of a signed transaction of types 0 to 4 (EIP-155, 2930, 1559, 4844, 7702).

    Raises:
        NonsenseError: it is of another type, or a member is missing or has another form.
    """
    kind = quantity(value.get("type", "0x0"))
    if kind not in _MEMBERS:
        raise NonsenseError(f"transactions of type {kind} aren't known")
    body = rlp.encode([_ITEMS[name](value) for name in (*_MEMBERS[kind].split(), "r", "s")])
    return keccak256(bytes([kind]) + body if kind else body)


def _number(name: str) -> Callable[[Mapping[str, Any]], Item]:
    return lambda value: quantity(value.get(name))


def _to(value: Mapping[str, Any]) -> Item:
    to = value.get("to")
    return b"" if to is None else data(to, ADDRESS_BYTES)


def _parity(value: Mapping[str, Any]) -> Item:
    return quantity(value.get("yParity", value.get("v")))


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    if not isinstance(found, list):
        raise NonsenseError(f"{name} is no list")
    return found


def _access(value: Mapping[str, Any]) -> Item:
    # A node that leaves an empty list out means the same; the hash tells.
    entries = map(members, _list(value, "accessList") if value.get("accessList") is not None else [])
    return [
        [
            data(entry.get("address"), ADDRESS_BYTES),
            [data(key, HASH_BYTES) for key in _list(entry, "storageKeys")],
        ]
        for entry in entries
    ]


def _blobs(value: Mapping[str, Any]) -> Item:
    return [data(item, HASH_BYTES) for item in _list(value, "blobVersionedHashes")]


def _authorizations(value: Mapping[str, Any]) -> Item:
    return [_authorization(members(entry)) for entry in _list(value, "authorizationList")]


def _authorization(entry: Mapping[str, Any]) -> Item:
    names = ("chainId", "nonce", "r", "s")
    chain_id, nonce, r, s = (quantity(entry.get(name)) for name in names)
    return [chain_id, data(entry.get("address"), ADDRESS_BYTES), nonce, _parity(entry), r, s]


_FEES: Final = "maxPriorityFeePerGas maxFeePerGas gas to value input accessList"
_MEMBERS: Final = {
    0: "nonce gasPrice gas to value input v",
    1: "chainId nonce gasPrice gas to value input accessList parity",
    2: f"chainId nonce {_FEES} parity",
    3: f"chainId nonce {_FEES} maxFeePerBlobGas blobVersionedHashes parity",
    4: f"chainId nonce {_FEES} authorizationList parity",
}
"""What is hashed, by type and in order; the signature comes last."""

_NUMBERS: Final = (
    *("chainId", "nonce", "gasPrice", "maxPriorityFeePerGas", "maxFeePerGas", "maxFeePerBlobGas"),
    *("gas", "value", "v", "r", "s"),
)
_ITEMS: Final[Mapping[str, Callable[[Mapping[str, Any]], Item]]] = {
    **{name: _number(name) for name in _NUMBERS},
    "to": _to,
    "input": lambda value: data(value.get("input")),
    "accessList": _access,
    "parity": _parity,
    "blobVersionedHashes": _blobs,
    "authorizationList": _authorizations,
}
