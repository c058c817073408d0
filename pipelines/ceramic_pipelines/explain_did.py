"""DIDs in words, for `inspect`: what kind of key or account, and what it can do in Ceramic."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from ceramic_protocol.accounts.cacao_signatures import EIP191, EIP1271, SOLANA, STACKS, TEZOS, WEBAUTHN
from ceramic_protocol.accounts.did import DID_KEY, KeyType, decode_did_key, did_of, resolve_did_key
from ceramic_protocol.accounts.did_document import did_document
from ceramic_protocol.accounts.pkh import PkhAccount, parse_pkh
from ceramic_protocol.accounts.pkh_document import old_account

Explanation: TypeAlias = dict[str, Any]

KEY_GRANTS: Final = {KeyType.P256: (WEBAUTHN,)}
"""Types of signatures by which a did:key gives capabilities."""

ACCOUNT_GRANTS: Final = {
    "eip155": (EIP191, EIP1271),
    "solana": (SOLANA,),
    "tezos": (TEZOS,),
    "stacks": (STACKS,),
}
"""The same of a did:pkh, by namespace."""

_SILENT: Final = {0x1201: "p384", 0x1202: "p521"}
_CHAINS: Final = {
    "eip155": "Ethereum or a chain like it",
    "bip122": "Bitcoin or a chain like it",
    "solana": "Solana",
    "tezos": "Tezos",
    "stacks": "Stacks",
}


def explain_did(text: str) -> Explanation:
    """What a did:key or did:pkh is, and whether it signs events, controls streams and gives capabilities.

    Raises:
        IdentifierError: no DID, or one that is not supported.
    """
    did = did_of(text)
    document = did_document(did)
    found = _explain_key(did) if did.startswith(DID_KEY) else _explain_account(did)
    return {**found, "document": document}


def _explain_key(did: str) -> Explanation:
    codec, data = decode_did_key(did)
    if codec in _SILENT:
        return {
            "what": f"public key of type {_SILENT[codec]}",
            "did": did,
            "key": data.hex(),
            "signs events": "no: nobody verifies signatures of such keys",
            "controls streams": "no",
            "gives capabilities": "no",
        }
    key = resolve_did_key(did)
    return {
        "what": f"public key of type {key.type.value}",
        "did": did,
        "key": data.hex(),
        "signs with": key.type.algorithm,
        "signs events": "yes",
        "controls streams": "yes, with events that it signs itself",
        "gives capabilities": _grants(KEY_GRANTS.get(key.type, ())),
    }


def _explain_account(did: str) -> Explanation:
    old = old_account(did)
    account = old or parse_pkh(did)
    grants = () if old else _account_grants(account)
    return {
        "what": f"account of {_CHAINS[account.namespace]}" + (", in an old form of did:pkh" if old else ""),
        "did": did,
        "chain": account.chain_id,
        "address": account.address,
        "signs events": "no: a did:key does, to which it gives a capability" if grants else "no",
        "controls streams": "yes, by capabilities" if grants else "no",
        "gives capabilities": _grants(grants),
    }


def _account_grants(account: PkhAccount) -> tuple[str, ...]:
    # The other kinds of Tezos addresses have keys of other curves.
    if account.namespace == "tezos" and not account.address.startswith("tz1"):
        return ()
    return ACCOUNT_GRANTS.get(account.namespace, ())


def _grants(types: tuple[str, ...]) -> str:
    if not types:
        return "no: nobody verifies capabilities signed by it"
    return f"yes, signed as {' or '.join(types)}"
