"""Capabilities signed by a Tezos account with an Ed25519 key, tz1… (accounts.md 3.3).

The signature brings its key along: `edsig…` and `edpk…` in one text. Other kinds of keys (tz2, tz3) and the
generic form `sig…` are verified by nobody.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from ceramic_protocol.accounts import base58check
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.errors import IdentifierError

_SIGNATURE_CHARS: Final = 99
_ADDRESS_PREFIX: Final = b"\x06\xa1\x9f"
_KEY_PREFIX: Final = b"\x0d\x0f\x25\xd9"
_SIGNATURE_PREFIX: Final = b"\x09\xf5\xcd\x86\x12"
_STRING: Final = b"\x05\x01"


def tezos_hash(text: str, length: int | None = None) -> bytes:
    """The 32 bytes that are signed for a text, which is a Michelson string to the wallet.

    Args:
        text: what the wallet shows.
        length: what is said to be its length; by default its bytes in UTF-8 are counted.
    """
    data = text.encode()
    size = len(data) if length is None else length
    return blake2b(_STRING + size.to_bytes(4, "big") + data, digest_size=32).digest()


def tezos_address(key: bytes) -> str:
    """The tz1 address of an Ed25519 key."""
    return base58check.encode(_ADDRESS_PREFIX, blake2b(key, digest_size=20).digest())


def decode_signature(text: str) -> tuple[bytes, bytes]:
    """Signature (64 bytes) and key (32 bytes) of `edsig…edpk…`.

    Raises:
        IdentifierError: one of them is something else, or its checksum is wrong.
    """
    signature, key = text[:_SIGNATURE_CHARS], text[_SIGNATURE_CHARS:]
    return base58check.decode(signature, _SIGNATURE_PREFIX, 64), base58check.decode(key, _KEY_PREFIX, 32)


def check_tezos(cacao: Cacao, account: PkhAccount) -> str | None:
    """What is wrong with the signature of a Tezos account; None if it is good."""
    try:
        signature, key = decode_signature(cacao.signature)
    except IdentifierError as error:
        return f"signature is not edsig… and edpk…: {error}"
    if tezos_address(key) != account.address:
        return f"key is that of {tezos_address(key)}, not of {account.address}"
    text = sign_in_message(cacao, Network.TEZOS, account)
    # js-did makes the Michelson string for the wallet, and counts UTF-16 units where it should count bytes.
    for length in {len(text.encode()), len(text.encode("utf-16-le")) // 2}:
        if verify(PublicKey(KeyType.ED25519, key), tezos_hash(text, length), signature):
            return None
    return f"not signed by {account.address}"
