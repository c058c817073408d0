"""Accounts of every kind that hand out capabilities; coincurve, PyNaCl and cryptography sign for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256
from typing import Any, Final

from coincurve import PrivateKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.signing import SigningKey

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts import base58check
from ceramic_protocol.accounts.c32 import c32_address
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.hashes import hash160, keccak256
from ceramic_protocol.accounts.pkh import checksum_address, parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.accounts.stacks import stacks_hash
from ceramic_protocol.accounts.tezos import tezos_hash
from ceramic_protocol.accounts.webauthn import challenge_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.multibase import encode_base58, encode_base64url
from tests.support import signing

SESSION: Final = signing.ed25519(77).did
"""Whom capabilities are given to, unless one says otherwise."""

SOLANA_MAINNET: Final = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
TEZOS_MAINNET: Final = "NetXdQprcVkpaWU"
STACKS_MAINNET: Final = "1"
STACKS_TESTNET: Final = "2147483648"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An account, the type of its signatures, and what signs a capability that it has issued."""

    did: str
    signature_type: str
    sign: Callable[[Cacao], Cacao]

    def unsigned(self, **members: Any) -> Cacao:
        """A capability to be signed, with members of one's choice."""
        usual: dict[str, Any] = {
            "header_type": "caip122",
            "domain": "app.example",
            "issuer": self.did,
            "audience": SESSION,
            "version": "1",
            "nonce": "nonce12345",
            "issued_at": "2024-06-01T00:00:00.000Z",
            "expires_at": "2024-06-08T00:00:00.000Z",
            "statement": "Give this application access to some of your data on Ceramic",
            "resources": ("ceramic://*",),
            "signature_type": self.signature_type,
            "signature": "",
        }
        return Cacao(**(usual | members))

    def grant(self, **members: Any) -> Cacao:
        """A signed capability."""
        return self.sign(self.unsigned(**members))


def _secp256k1(seed: int) -> Secp256k1Key:
    return Secp256k1Key(seed.to_bytes(32, "big"))


def text_of(cacao: Cacao, network: Network) -> str:
    """The text of a capability with the address as its issuer has it."""
    return sign_in_message(cacao, network, parse_pkh(cacao.issuer))


def ethereum_address(seed: int = 1) -> str:
    """The address of an Ethereum key, in lower case."""
    point = _secp256k1(seed).public_key.format(compressed=False)
    return "0x" + keccak256(point[1:])[-20:].hex()


def personal_signature(text: str, seed: int = 1) -> str:
    """What a wallet answers when it is asked to sign a text: 0x and r‖s‖v, v being 27 or 28."""
    signed = bytearray(_secp256k1(seed).sign_recoverable(personal_hash(text), hasher=None))
    signed[-1] += 27
    return f"0x{signed.hex()}"


def ethereum(seed: int = 1, reference: str = "1", *, checksummed: bool = False) -> Issuer:
    """A key of an eip155 chain; its text shows the address as its DID has it."""
    address = ethereum_address(seed)
    did = f"did:pkh:eip155:{reference}:{checksum_address(address) if checksummed else address}"

    def sign(cacao: Cacao) -> Cacao:
        return replace(cacao, signature=personal_signature(text_of(cacao, Network.ETHEREUM), seed))

    return Issuer(did, "eip191", sign)


def solana(seed: int = 1, reference: str = SOLANA_MAINNET) -> Issuer:
    """A Solana account."""
    key = SigningKey(seed.to_bytes(32, "big"))
    did = f"did:pkh:solana:{reference}:{encode_base58(bytes(key.verify_key))}"

    def sign(cacao: Cacao) -> Cacao:
        text = text_of(cacao, Network.SOLANA)
        return replace(cacao, signature=encode_base58(key.sign(text.encode()).signature))

    return Issuer(did, "solana:ed25519", sign)


def tezos(seed: int = 1, reference: str = TEZOS_MAINNET) -> Issuer:
    """A Tezos account with an Ed25519 key."""
    key = SigningKey(seed.to_bytes(32, "big"))
    public = bytes(key.verify_key)
    address = base58check.encode(b"\x06\xa1\x9f", blake2b(public, digest_size=20).digest())

    def sign(cacao: Cacao) -> Cacao:
        return replace(cacao, signature=tezos_signature(tezos_hash(text_of(cacao, Network.TEZOS)), key))

    return Issuer(f"did:pkh:tezos:{reference}:{address}", "tezos:ed25519", sign)


def tezos_signature(digest: bytes, key: SigningKey) -> str:
    """Edsig and edpk in one text."""
    signature = base58check.encode(b"\x09\xf5\xcd\x86\x12", key.sign(digest).signature)
    return signature + base58check.encode(b"\x0d\x0f\x25\xd9", bytes(key.verify_key))


def stacks(seed: int = 1, reference: str = STACKS_MAINNET, version: int = 22) -> Issuer:
    """A Stacks account; version 22 is the main network's, 26 the test network's."""
    key = _secp256k1(seed)
    address = c32_address(version, hash160(key.public_key.format(compressed=True)))

    def sign(cacao: Cacao) -> Cacao:
        digest = stacks_hash(text_of(cacao, Network.STACKS))
        return replace(cacao, signature=key.sign_recoverable(digest, hasher=None).hex())

    return Issuer(f"did:pkh:stacks:{reference}:{address}", "stacks:secp256k1", sign)


def client_data(asked: Cid, **changes: object) -> bytes:
    """What a browser says of an assertion."""
    members = {
        "type": "webauthn.get",
        "challenge": encode_base64url(asked),
        "origin": "https://app.example",
    } | changes
    return json.dumps(members).encode()


def passkey_signature(
    cacao: Cacao, seed: int = 1, *, client: bytes | None = None, compact: bool = False
) -> Cacao:
    """The capability with a passkey's signature and what belongs to it."""
    key = ec.derive_private_key(seed, ec.SECP256R1())
    client = client_data(challenge_of(cacao)) if client is None else client
    authenticator = bytes(37)
    signed = key.sign(authenticator + sha256(client).digest(), ec.ECDSA(SHA256()))
    aad = dagcbor.encode({"authData": authenticator, "clientDataJSON": client})
    text = encode_base64url(signing.raw_signature(signed) if compact else signed)
    return replace(cacao, signature=text, metadata={"aad": aad})


def passkey(seed: int = 1) -> Issuer:
    """A passkey."""
    return Issuer(signing.p256(seed).did, "webauthn:p256", lambda cacao: passkey_signature(cacao, seed))


ISSUERS: Final[Mapping[str, Callable[[int], Issuer]]] = {
    "eip191": ethereum,
    "solana:ed25519": solana,
    "tezos:ed25519": tezos,
    "stacks:secp256k1": stacks,
    "webauthn:p256": passkey,
}
"""An account for each type of signature that a key makes."""
