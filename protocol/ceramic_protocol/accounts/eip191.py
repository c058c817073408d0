"""Capabilities signed by an Ethereum key, EIP-191's personal messages (accounts.md 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ceramic_protocol.accounts.cacao import Cacao, parse_time
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.accounts.pkh import PkhAccount, checksum_address
from ceramic_protocol.accounts.recoverable import SIGNATURE_BYTES, decode_hex, recover_key
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.errors import DecodeError

LEGACY_UNTIL: Final = 1_663_632_000_000
"""Last unix millisecond at which a capability of the legacy text was issued: 2022-09-20T00:00:00Z."""

_PREFIX: Final = b"\x19Ethereum Signed Message:\n"
_RECOVERY: Final = {0: 0, 1: 1, 27: 0, 28: 1}


def personal_hash(text: str, length: int | None = None) -> bytes:
    """The 32 bytes that are signed for a text.

    Args:
        text: what the wallet shows.
        length: what is said to be its length; by default its bytes in UTF-8 are counted, as wallets do.
    """
    data = text.encode()
    return keccak256(_PREFIX + str(len(data) if length is None else length).encode() + data)


def recover_address(digest: bytes, signature: bytes, recovery: Mapping[int, int] = _RECOVERY) -> str | None:
    """The address, in lower case, whose key signed a 32-byte digest; None if that can be nobody's.

    `signature` is r‖s‖v of 65 bytes; `recovery` says what v may be and means, by default 0, 1, 27 and 28. A
    high S is as good as a low one.
    """
    key = recover_key(digest, signature, recovery)
    return None if key is None else "0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex()


def candidate_texts(cacao: Cacao, account: PkhAccount) -> list[str]:
    """The texts that the account may have signed: with its address as it is, then in EIP-55, then legacy."""
    return possible_texts(cacao, account, with_legacy=is_old(cacao))


def possible_texts(
    cacao: Cacao, account: PkhAccount, *, with_legacy: bool, shows_empty: bool = False
) -> list[str]:
    """The same for who decides in another way whether the legacy text counts; see `sign_in_message`.

    Raises:
        IdentifierError: the account's address is not 0x and 40 hexadecimal digits.
    """
    checksummed = account._replace(address=checksum_address(account.address.lower()))
    texts = [
        sign_in_message(cacao, Network.ETHEREUM, shown, shows_empty=shows_empty)
        for shown in (account, checksummed)
    ]
    if with_legacy:
        legacy = sign_in_message(cacao, Network.ETHEREUM, account, is_legacy=True, shows_empty=shows_empty)
        texts.append(legacy)
    return list(dict.fromkeys(texts))


def is_old(cacao: Cacao) -> bool:
    """Whether the capability is of a time in which the legacy text was signed."""
    try:
        return parse_time(cacao.issued_at) <= LEGACY_UNTIL
    except DecodeError:
        return False


def check_eip191(cacao: Cacao, account: PkhAccount) -> str | None:
    """What is wrong with the signature of an eip155 account; None if it is good."""
    signature = decode_hex(cacao.signature, SIGNATURE_BYTES)
    if signature is None or len(signature) != SIGNATURE_BYTES:
        return f"signature is not {SIGNATURE_BYTES} bytes of hexadecimal text"
    if signature[-1] not in _RECOVERY:
        return f"signature ends in v = {signature[-1]}"
    issuer = account.address.lower()
    for text in candidate_texts(cacao, account):
        if recover_address(personal_hash(text), signature) == issuer:
            return None
    return f"not signed by {issuer}"
