"""did:pkh: an account of a blockchain as a DID (accounts.md 1.2; CAIP-2, CAIP-10)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.errors import IdentifierError

EIP155: Final = "eip155"
"""The namespace of Ethereum and the chains like it."""

_PREFIX: Final = "did:pkh:"
_ACCOUNT: Final = re.compile(r"([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32}):([-.%a-zA-Z0-9]{1,128})")
_ETHEREUM_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")


class PkhAccount(NamedTuple):
    """Namespace, reference of the chain within it, and address; in letters as they were found."""

    namespace: str
    reference: str
    address: str

    @property
    def chain_id(self) -> str:
        """The CAIP-2 chain, such as `eip155:1`."""
        return f"{self.namespace}:{self.reference}"


def parse_pkh(did: str) -> PkhAccount:
    """The account that a did:pkh spells out.

    Raises:
        IdentifierError: not `did:pkh:<namespace>:<reference>:<address>`, or no address of an eip155 chain.
    """
    match = _ACCOUNT.fullmatch(did, len(_PREFIX)) if did.startswith(_PREFIX) else None
    if match is None:
        msg = f"{did[:80]!r} is not did:pkh:<namespace>:<reference>:<address>"
        raise IdentifierError(msg)
    account = PkhAccount(match[1], match[2], match[3])
    if account.namespace == EIP155:
        _check_ethereum(account.address)
    return account


def same_account(first: str, second: str) -> bool:
    """Whether two DIDs name one account: they are equal, or eip155 accounts but for upper and lower case."""
    if first == second:
        return True
    prefix = f"{_PREFIX}{EIP155}:"
    return first.startswith(prefix) and second.startswith(prefix) and first.lower() == second.lower()


def checksum_address(address: str) -> str:
    """An eip155 address in the upper and lower case of EIP-55.

    Raises:
        IdentifierError: `address` is not 0x and 40 hexadecimal digits.
    """
    _check_ethereum(address)
    digits = address[2:].lower()
    hashed = keccak256(digits.encode()).hex()[: len(digits)]
    pairs = zip(digits, hashed, strict=True)
    return "0x" + "".join(digit.upper() if nibble in "89abcdef" else digit for digit, nibble in pairs)


def _check_ethereum(address: str) -> None:
    if not _ETHEREUM_ADDRESS.fullmatch(address):
        msg = f"{address!r} is not 0x and 40 hexadecimal digits"
        raise IdentifierError(msg)
