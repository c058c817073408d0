"""DID documents of did:key and did:pkh, computed from the text alone (accounts.md 1.1, 1.2).

They are those of the JavaScript resolvers (key-did-resolver 4.0, pkh-did-resolver 2.0) without `@context`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from coincurve import PublicKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_ed25519_pk_to_curve25519

from ceramic_protocol import multibase, varint
from ceramic_protocol.accounts.did import DID_KEY, KeyType, decode_did_key, did_of
from ceramic_protocol.accounts.pkh_document import DID_PKH, pkh_document
from ceramic_protocol.errors import IdentifierError

Document: TypeAlias = dict[str, object]

_X25519: Final = 0xEC
_NIST: Final[Mapping[int, tuple[str, ec.EllipticCurve]]] = {
    0x1200: ("P-256", ec.SECP256R1()),
    0x1201: ("P-384", ec.SECP384R1()),
    0x1202: ("P-521", ec.SECP521R1()),
}
_PURPOSES: Final = ("authentication", "assertionMethod", "capabilityDelegation", "capabilityInvocation")


def did_document(did: str) -> Document:
    """The DID document of a did:key or did:pkh, ready for JSON; of a DID URL, that of its DID.

    did:key of Ed25519, secp256k1, P-256, P-384 and P-521, and did:pkh of eip155, bip122 and tezos: as the
    JavaScript resolvers give it. What these don't know, see `pkh_document`. Keys are checked to be points of
    their curves.

    Raises:
        IdentifierError: no DID, one of an unsupported method, codec or namespace, or no key.
    """
    did = did_of(did)
    if did.startswith(DID_KEY):
        return _key_document(did)
    if did.startswith(DID_PKH):
        return pkh_document(did)
    head, _, rest = did.partition(":")
    method, colon, _ = rest.partition(":")
    if head != "did" or not colon:
        msg = f"{did[:80]!r} is not a DID"
        raise IdentifierError(msg)
    msg = f"unsupported DID method {method[:40]!r}: there are documents for did:key and did:pkh only"
    raise IdentifierError(msg)


def _key_document(did: str) -> Document:
    codec, key = decode_did_key(did)
    key_id = f"{did}#{did.removeprefix(DID_KEY)}"
    document: Document = {
        "id": did,
        "verificationMethod": [{"id": key_id, **_described(codec, key), "controller": did}],
        **{purpose: [key_id] for purpose in _PURPOSES},
    }
    if codec == KeyType.ED25519.multicodec:
        document["keyAgreement"] = [_key_agreement(did, key)]
    return document


def _described(codec: int, key: bytes) -> Document:
    if codec == KeyType.ED25519.multicodec:
        return _ed25519(key)
    if codec == KeyType.SECP256K1.multicodec:
        return _secp256k1(key)
    if codec in _NIST:
        return {"type": "JsonWebKey2020", "publicKeyJwk": _jwk(*_NIST[codec], key)}
    msg = f"unsupported did:key of codec {codec:#x}: there are documents of keys that sign"
    raise IdentifierError(msg)


def _ed25519(key: bytes) -> Document:
    # Points outside the group of the curve's base are refused too: no secret makes them.
    if len(key) not in KeyType.ED25519.lengths or not crypto_core_ed25519_is_valid_point(key):
        raise _no_point("Ed25519", key)
    return {"type": "Ed25519VerificationKey2018", "publicKeyBase58": multibase.encode_base58(key)}


def _key_agreement(did: str, key: bytes) -> Document:
    converted = crypto_sign_ed25519_pk_to_curve25519(key)
    return {
        "id": f"{did}#{multibase.encode(varint.encode(_X25519) + converted, 'z')}",
        "type": "X25519KeyAgreementKey2019",
        "controller": did,
        "publicKeyBase58": multibase.encode_base58(converted),
    }


def _secp256k1(key: bytes) -> Document:
    # libsecp256k1 reads whole points as well, which sign nothing here.
    if len(key) not in KeyType.SECP256K1.lengths:
        raise _no_point("secp256k1", key)
    try:
        Secp256k1Key(key)
    except ValueError:
        raise _no_point("secp256k1", key) from None
    return {"type": "Secp256k1VerificationKey2018", "publicKeyBase58": multibase.encode_base58(key)}


def _jwk(name: str, curve: ec.EllipticCurve, key: bytes) -> Document:
    try:
        numbers = ec.EllipticCurvePublicKey.from_encoded_point(curve, key).public_numbers()
    except ValueError:
        raise _no_point(name, key) from None
    return {"kty": "EC", "crv": name, "x": _shortest(numbers.x), "y": _shortest(numbers.y)}


def _shortest(number: int) -> str:
    """base64url without leading zero bytes: the resolver's own form, not that of RFC 7518."""
    return multibase.encode_base64url(number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))


def _no_point(curve: str, key: bytes) -> IdentifierError:
    return IdentifierError(f"{len(key)} bytes that are no {curve} key: {key.hex()[:140]}")
