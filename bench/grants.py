"""Signed capabilities of every kind of account, and the bare check of each by the library behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from coincurve import PublicKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.signing import VerifyKey

from bench.ceiling import Check
from ceramic_protocol import multibase
from ceramic_protocol.accounts import tezos, webauthn
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.pkh import checksum_address, parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.accounts.stacks import stacks_hash
from tests.protocol.accounts.issuers import ISSUERS, Issuer, ethereum

CHECKSUMMED: Final = "eip191 in EIP-55"
"""What Ethereum wallets sign today: the text shows the address as EIP-55 writes it, the issuer doesn't."""

LIBRARIES: Final[Mapping[str, str]] = {
    "eip191": "coincurve",
    CHECKSUMMED: "coincurve",
    "solana:ed25519": "PyNaCl",
    "tezos:ed25519": "PyNaCl",
    "stacks:secp256k1": "coincurve",
    "webauthn:p256": "cryptography",
}
"""Which library checks which type of signature."""

_ACCOUNTS: Final = 20
_ES256: Final = ec.ECDSA(SHA256())


def make_grants(kind: str, count: int) -> list[Cacao]:
    """Different capabilities of a few accounts."""
    accounts = [_account(kind, number + 1) for number in range(_ACCOUNTS)]
    grants = [accounts[number % _ACCOUNTS].grant(nonce=f"{number:010}") for number in range(count)]
    if kind == CHECKSUMMED:
        return [replace(grant, issuer=grant.issuer.lower()) for grant in grants]
    return grants


def _account(kind: str, seed: int) -> Issuer:
    return ethereum(seed, checksummed=True) if kind == CHECKSUMMED else ISSUERS[kind](seed)


def bare_check(kind: str, cacao: Cacao) -> Check:
    """The bare check of a signature, with key and message made beforehand; what it gives must be true."""
    return _MAKERS[kind](cacao)


def _text(cacao: Cacao, network: Network) -> str:
    return sign_in_message(cacao, network, parse_pkh(cacao.issuer))


def _recovery(signature: bytes, digest: bytes) -> Check:
    return lambda: Secp256k1Key.from_signature_and_message(signature, digest, hasher=None)


def _eip191(cacao: Cacao) -> Check:
    signature = bytes.fromhex(cacao.signature.removeprefix("0x"))
    recoverable = signature[:-1] + bytes([signature[-1] - 27])
    return _recovery(recoverable, personal_hash(_text(cacao, Network.ETHEREUM)))


def _checksummed(cacao: Cacao) -> Check:
    account = parse_pkh(cacao.issuer)
    shown = f"did:pkh:{account.chain_id}:{checksum_address(account.address)}"
    return _eip191(replace(cacao, issuer=shown))


def _stacks(cacao: Cacao) -> Check:
    return _recovery(bytes.fromhex(cacao.signature), stacks_hash(_text(cacao, Network.STACKS)))


def _solana(cacao: Cacao) -> Check:
    key = VerifyKey(multibase.decode_base58(parse_pkh(cacao.issuer).address))
    message, signature = _text(cacao, Network.SOLANA).encode(), multibase.decode_base58(cacao.signature)
    return lambda: key.verify(message, signature)


def _tezos(cacao: Cacao) -> Check:
    signature, key = tezos.decode_signature(cacao.signature)
    message = tezos.tezos_hash(_text(cacao, Network.TEZOS))
    return lambda: VerifyKey(key).verify(message, signature)


def _webauthn(cacao: Cacao) -> Check:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), resolve_did_key(cacao.issuer).data)
    assertion, signature = webauthn.decode_assertion(cacao), multibase.decode(f"u{cacao.signature}")
    assert assertion is not None
    message = assertion.signed

    def check() -> bool:
        key.verify(signature, message, _ES256)
        return True

    return check


_MAKERS: Final[Mapping[str, Callable[[Cacao], Check]]] = {
    "eip191": _eip191,
    CHECKSUMMED: _checksummed,
    "solana:ed25519": _solana,
    "tezos:ed25519": _tezos,
    "stacks:secp256k1": _stacks,
    "webauthn:p256": _webauthn,
}
