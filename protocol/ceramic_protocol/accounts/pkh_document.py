"""DID documents of did:pkh (accounts.md 1.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from nacl.bindings import crypto_core_ed25519_is_valid_point

from ceramic_protocol import multibase
from ceramic_protocol.accounts.pkh import EIP155, PkhAccount, parse_pkh
from ceramic_protocol.errors import IdentifierError

DID_PKH: Final = "did:pkh:"
"""What every did:pkh starts with."""

_Methods: TypeAlias = list[tuple[str, dict[str, object]]]
"""Verification methods: each one's fragment, and what it has beside the account."""

_ACCOUNT_ID: Final = "blockchainAccountId"
_RECOVERY: Final = "EcdsaSecp256k1RecoveryMethod2020"
_HASHED: Final = "PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"
_TEZOS: Final = "TezosMethod2021"
_SOLANA: Final = "SolanaMethod2021"

_OLD_NAMES: Final[Mapping[str, str]] = {
    "eth": "eip155:1",
    "celo": "eip155:42220",
    "poly": "eip155:137",
    "btc": "bip122:000000000019d6689c085ae165831e93",
    "doge": "bip122:1a91e3dace36e2be3bf030a65679fe82",
    "sol": "solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ",
    "tz": "tezos:NetXdQprcVkpaWU",
}
"""Names of chains in a did:pkh before it took over CAIP-2 (did-pkh 0.2.1)."""


def pkh_document(did: str) -> dict[str, object]:
    """The DID document of a did:pkh, ready for JSON.

    For eip155, bip122 and tezos it is that of the JavaScript resolver. Which that one doesn't know, but
    ceramic-one's does (did-pkh 0.2.1), have that one's: solana, and the old form did:pkh:<name>:<address>.
    stacks has one in neither, nor in the method's specification: it gets the form of bip122, whose addresses
    are hashes of the same kind of key.

    Raises:
        IdentifierError: no did:pkh, one of an unsupported namespace, or a solana address that is no key.
    """
    old = old_account(did)
    if old is not None:
        return _document(did, old, _old_methods(old))
    account = parse_pkh(did)
    methods_of = _METHODS.get(account.namespace)
    if methods_of is None:
        msg = f"unsupported did:pkh namespace {account.namespace!r}: there are documents for {_KNOWN}"
        raise IdentifierError(msg)
    return _document(did, account, methods_of(account))


def old_account(did: str) -> PkhAccount | None:
    """The account of a did:pkh in the old form, such as did:pkh:eth:0x…; None for every other text.

    Raises:
        IdentifierError: it has that form, and no address of its chain.
    """
    name, _, address = did.removeprefix(DID_PKH).partition(":")
    if not did.startswith(DID_PKH) or name not in _OLD_NAMES or ":" in address:
        return None
    return parse_pkh(f"{DID_PKH}{_OLD_NAMES[name]}:{address}")


def _document(did: str, account: PkhAccount, methods: _Methods) -> dict[str, object]:
    account_id = {_ACCOUNT_ID: f"{account.chain_id}:{account.address}"}
    ids = [f"{did}#{fragment}" for fragment, _ in methods]
    described = (members for _, members in methods)
    return {
        "id": did,
        "verificationMethod": [
            {"id": method_id, "controller": did, **account_id, **members}
            for method_id, members in zip(ids, described, strict=True)
        ],
        "authentication": ids,
        "assertionMethod": list(ids),
    }


def _recoverable(account: PkhAccount) -> _Methods:
    del account
    return [(_ACCOUNT_ID, {"type": _RECOVERY})]


def _tezos(account: PkhAccount) -> _Methods:
    # The resolver names this type for every address, though only those of tz2 have a key of secp256k1.
    return [*_recoverable(account), (_TEZOS, {"type": _TEZOS})]


def _solana(account: PkhAccount) -> _Methods:
    key = multibase.decode_base58(account.address)
    if len(key) != 32 or not crypto_core_ed25519_is_valid_point(key):
        msg = f"the solana address {account.address} is no Ed25519 key"
        raise IdentifierError(msg)
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": multibase.encode_base64url(key)}
    return [
        ("controller", {"type": "Ed25519VerificationKey2018", "publicKeyJwk": jwk}),
        (_SOLANA, {"type": _SOLANA, "publicKeyJwk": dict(jwk)}),
    ]


def _old_methods(account: PkhAccount) -> _Methods:
    if account.namespace == EIP155:
        return [("Recovery2020", {"type": _RECOVERY})]
    if account.namespace == "tezos":
        return [(_ACCOUNT_ID, {"type": _tezos_type(account.address)}), (_TEZOS, {"type": _TEZOS})]
    return _METHODS[account.namespace](account)


def _tezos_type(address: str) -> str:
    types = {"tz1": f"Ed25519{_HASHED}", "tz2": _RECOVERY, "tz3": f"P256{_HASHED}"}
    if address[:3] not in types:
        msg = f"unsupported kind of Tezos address: {address[:40]!r}"
        raise IdentifierError(msg)
    return types[address[:3]]


_METHODS: Final[Mapping[str, Callable[[PkhAccount], _Methods]]] = {
    EIP155: _recoverable,
    "bip122": _recoverable,
    "tezos": _tezos,
    "solana": _solana,
    "stacks": _recoverable,
}
_KNOWN: Final = ", ".join(_METHODS)
