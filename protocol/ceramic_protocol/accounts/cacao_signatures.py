"""Whether a capability is signed by its issuer, whatever kind of account that is (accounts.md 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.did import DID_KEY, PublicKey, resolve_did_key
from ceramic_protocol.accounts.eip191 import check_eip191
from ceramic_protocol.accounts.eip1271 import check_eip1271
from ceramic_protocol.accounts.pkh import EIP155, PkhAccount, parse_pkh
from ceramic_protocol.accounts.solana import check_solana
from ceramic_protocol.accounts.stacks import check_stacks
from ceramic_protocol.accounts.tezos import check_tezos
from ceramic_protocol.accounts.webauthn import check_webauthn
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ports import Contracts
from ceramic_protocol.reasons import Finding, Reason

EIP191: Final = "eip191"
EIP1271: Final = "eip1271"
SOLANA: Final = "solana:ed25519"
TEZOS: Final = "tezos:ed25519"
STACKS: Final = "stacks:secp256k1"
WEBAUTHN: Final = "webauthn:p256"

EIP4361: Final = "eip4361"
CAIP122: Final = "caip122"

_ISSUERS: Final[Mapping[str, str]] = {
    EIP191: EIP155,
    EIP1271: EIP155,
    SOLANA: "solana",
    TEZOS: "tezos",
    STACKS: "stacks",
    # No namespace has a colon.
    WEBAUTHN: "key:p256",
}
"""Namespace of the did:pkh, or kind of the did:key, whose signatures a type is for."""

_ADDRESSES: Final[Mapping[str, tuple[str, ...]]] = {"tezos": ("tz1",), "stacks": ("SP", "ST")}
"""How the addresses begin that signatures are verified for: those of single Ed25519 or secp256k1 keys."""

_TYPES: Final[Mapping[str, frozenset[str]]] = {
    EIP4361: frozenset({EIP191, EIP1271}),
    CAIP122: frozenset(_ISSUERS),
}

_CHECKS: Final[Mapping[str, Callable[[Cacao, PkhAccount], str | None]]] = {
    EIP191: check_eip191,
    SOLANA: check_solana,
    TEZOS: check_tezos,
    STACKS: check_stacks,
}


def check_cacao_signature(cacao: Cacao, contracts: Contracts) -> Finding | None:
    """None if the issuer signed the capability; its times and what it allows are not looked at.

    Args:
        cacao: the capability.
        contracts: asked if the issuer is a contract.

    Returns:
        `UNSUPPORTED_DID` for an issuer whose signatures nobody verifies, `CACAO_TYPE_UNSUPPORTED` if header,
        signature type and issuer don't belong together, `CACAO_SIGNATURE_INVALID`, or what `contracts` said.
    """
    try:
        issuer = _resolve(cacao.issuer)
    except IdentifierError as error:
        return Finding(Reason.UNSUPPORTED_DID, f"issuer: {error}")
    misfit = _misfit(cacao, issuer)
    if misfit is not None:
        return Finding(Reason.CACAO_TYPE_UNSUPPORTED, misfit)
    if isinstance(issuer, PublicKey):
        detail = check_webauthn(cacao, issuer)
    elif cacao.signature_type == EIP1271:
        return check_eip1271(cacao, issuer, contracts)
    else:
        detail = _CHECKS[cacao.signature_type](cacao, issuer)
    return None if detail is None else Finding(Reason.CACAO_SIGNATURE_INVALID, detail)


def _resolve(issuer: str) -> PkhAccount | PublicKey:
    if issuer.startswith(DID_KEY):
        return resolve_did_key(issuer)
    account = parse_pkh(issuer)
    if account.namespace not in _ISSUERS.values():
        msg = f"nobody verifies capabilities of {account.namespace} accounts"
        raise IdentifierError(msg)
    kinds = _ADDRESSES.get(account.namespace, ("",))
    if not account.address.startswith(kinds):
        msg = f"{account.namespace} address {account.address[:80]} is not of the kind {' or '.join(kinds)}…"
        raise IdentifierError(msg)
    return account


def _misfit(cacao: Cacao, issuer: PkhAccount | PublicKey) -> str | None:
    header, kind = cacao.header_type, cacao.signature_type
    if header not in _TYPES:
        return f"header of type {header[:40]!r}"
    if kind not in _ISSUERS:
        return f"signature of type {kind[:40]!r}"
    if kind not in _TYPES[header]:
        return f"{header} with a signature of type {kind}"
    name = f"key:{issuer.type.value}" if isinstance(issuer, PublicKey) else issuer.namespace
    if name != _ISSUERS[kind]:
        return f"signature of type {kind}, issuer is {cacao.issuer[:80]}"
    return None
