"""Capabilities signed by a Stacks account with one secp256k1 key (accounts.md 3.3).

js-did knows addresses of the main network alone (SP…). An address of the test network (ST…) is taken here as
well, if the account is one of that network: chain 2147483648.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from ceramic_protocol.accounts.c32 import c32_address
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.hashes import hash160
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.recoverable import SIGNATURE_BYTES, decode_hex, recover_key
from ceramic_protocol.accounts.siwx import Network, sign_in_message

MAINNET_VERSION: Final = 22
"""Version of an address of one key on the main network, SP…."""

TESTNET_VERSION: Final = 26
"""The same on the test network, ST…."""

_TESTNET: Final = "2147483648"
_PREFIX: Final = b"\x17Stacks Signed Message:\n"
_RECOVERY: Final = {number: number for number in range(4)}


def stacks_hash(text: str) -> bytes:
    """The 32 bytes that are signed for a text."""
    data = text.encode()
    return sha256(_PREFIX + _compact_size(len(data)) + data).digest()


def _compact_size(number: int) -> bytes:
    """Bitcoin's number of variable length, for lengths below 2^32."""
    if number < 0xFD:
        return bytes([number])
    if number <= 0xFFFF:
        return b"\xfd" + number.to_bytes(2, "little")
    return b"\xfe" + number.to_bytes(4, "little")


def recover_hash(digest: bytes, signature: bytes) -> bytes | None:
    """HASH160 of the compressed key that signed a 32-byte digest; None if that can be nobody's.

    `signature` is r‖s‖v of 65 bytes; v is 0 to 3. A high S is as good as a low one.
    """
    key = recover_key(digest, signature, _RECOVERY)
    return None if key is None else hash160(key.format(compressed=True))


def check_stacks(cacao: Cacao, account: PkhAccount) -> str | None:
    """What is wrong with the signature of a Stacks account; None if it is good."""
    signature = decode_hex(cacao.signature, SIGNATURE_BYTES)
    if signature is None or len(signature) != SIGNATURE_BYTES or cacao.signature.startswith("0x"):
        return f"signature is not {SIGNATURE_BYTES} bytes of hexadecimal text"
    text = sign_in_message(cacao, Network.STACKS, account)
    hashed = recover_hash(stacks_hash(text), signature)
    if hashed is None:
        return "signature is that of no key"
    versions = (MAINNET_VERSION, TESTNET_VERSION) if account.reference == _TESTNET else (MAINNET_VERSION,)
    if account.address not in {c32_address(version, hashed) for version in versions}:
        return f"not signed by {account.address}"
    return None
