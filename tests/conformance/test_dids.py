"""DIDs of the accounts vectors: which ones sign, their documents, and what the references make of them."""

from __future__ import annotations

from typing import Any

import pytest
from coincurve import PublicKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec

from ceramic_protocol.accounts.did import KeyType, PublicKey, did_key, did_of, resolve_did_key
from ceramic_protocol.accounts.did_document import did_document
from ceramic_protocol.accounts.did_profiles import (
    ceramic_one_key,
    js_key,
    resolves_in_ceramic_one,
    resolves_in_js,
)
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.multibase import decode_base58, encode_base64url
from tests.support import vectors

CASES: dict[str, dict[str, Any]] = vectors.by_name(
    (case["name"], case) for case in vectors.accounts("did.json")["cases"]
)

SIGNS = {
    *("ed25519_zero", "ed25519_a", "ed25519_b", "session"),
    *("secp256k1_a", "session_secp", "js-did README secp256k1"),
    *("p256_a", "session_p256", "js-did README P-256"),
    "did url with query",
    # Resolves here and in JavaScript; no signature fits it.
    "bad: secp256k1 not on curve",
}
"""Both references sign with it, or the recommended table of accounts.md 5 says so."""

SIGNS_NOT = {
    *("p256 raw 64 bytes (x||y)", "secp256k1 uncompressed", "p384 compressed", "p521 compressed"),
    *("js-did README P-521", "bad: unknown multicodec x25519 (0xec)", "bad: ed25519 31 bytes"),
    *("bad: not base58 (contains 0)", "bad: multibase base16 prefix f", "bad: multibase base64url prefix u"),
    *("bad: empty", "bad: method", "bad: overlong varint prefix"),
    *("pkh/other pkh:eip155", "pkh/other pkh:eip155 (2)", "pkh/other pkh:eip155 (3)"),
    *("pkh/other pkh:bip122", "pkh/other pkh:eth", "pkh/other safe:eth", "pkh/other nft:eip155"),
    "pkh/other 3:kjzl6cwe1jw14ah8wjy8grgzl52sl18sbyirgi9bqy9yzu28kbxvjmhip99r14k",
}

OTHER_FORMS = {
    "p256 raw 64 bytes (x||y)",
    "secp256k1 uncompressed",
    "bad: overlong varint prefix",
    "bad: secp256k1 not on curve",
}
"""JavaScript has a document for them, we refuse."""

OLD = "pkh/other pkh:eth"
"""Only ceramic-one has a document for it."""

KEYLESS_IN_JS = {
    *("p384 compressed", "p521 compressed", "js-did README P-521", "bad: secp256k1 not on curve"),
}
"""JavaScript has a document for them, but checks no signature with it."""

CURVES = {KeyType.SECP256K1: ("secp256k1", ec.SECP256K1()), KeyType.P256: ("P-256", ec.SECP256R1())}

cases = pytest.mark.parametrize("name", CASES)


def is_signing_key(url: str) -> bool:
    try:
        resolve_did_key(did_of(url))
    except IdentifierError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(CASES) if vectors.is_named() else sorted(SIGNS | SIGNS_NOT))
def test_which_dids_sign(name: str) -> None:
    found = is_signing_key(CASES[name]["did"])
    if name in SIGNS | SIGNS_NOT:
        assert found == (name in SIGNS)
    else:
        assert found == (CASES[name]["js"]["ok"] and CASES[name]["rust"]["ok"])


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_every_case_is_expected_one_way_or_the_other() -> None:
    assert CASES.keys() == SIGNS | SIGNS_NOT
    assert not SIGNS & SIGNS_NOT


@pytest.mark.parametrize("name", sorted(CASES.keys() & SIGNS))
def test_the_key_is_that_of_the_vector(name: str) -> None:
    case = CASES[name]
    key = resolve_did_key(did_of(case["did"]))
    assert key.data.hex() == case.get("publicKeyHex", key.data.hex())
    assert key.type.algorithm == case.get("alg", key.type.algorithm)
    assert did_key(key) == did_of(case["did"])


@cases
def test_the_document_is_that_of_javascript(name: str) -> None:
    case = CASES[name]
    expected = None if name in OTHER_FORMS else case["js"].get("didDocument")
    if name == OLD:
        expected = {key: value for key, value in case["rust"]["didDocument"].items() if key != "@context"}
    if expected is None:
        with pytest.raises(IdentifierError):
            did_document(case["did"])
    else:
        assert did_document(case["did"]) == expected


@cases
def test_js_resolves_what_it_resolved(name: str) -> None:
    assert resolves_in_js(CASES[name]["did"]) == CASES[name]["js"]["ok"]


@cases
def test_ceramic_one_resolves_what_it_resolved(name: str) -> None:
    assert resolves_in_ceramic_one(CASES[name]["did"]) == CASES[name]["rust"]["ok"]


def jwk_of(key: PublicKey) -> dict[str, str]:
    """A key as ceramic-one names it."""
    if key.type is KeyType.ED25519:
        return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(key.data)}
    name, curve = CURVES[key.type]
    numbers = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.data).public_numbers()
    x, y = (encode_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": name, "x": x, "y": y}


def keys_in(document: dict[str, Any]) -> set[str]:
    """The key of a document of JavaScript: as hex where it says so in base58, else the x of its point."""
    method = document["verificationMethod"][0]
    if "publicKeyBase58" in method:
        return {decode_base58(method["publicKeyBase58"]).hex()}
    return {method["publicKeyJwk"]["x"]} if "publicKeyJwk" in method else set()


@cases
def test_the_key_of_js(name: str) -> None:
    case, key = CASES[name], js_key(CASES[name]["did"])
    named = keys_in(case["js"]["didDocument"]) if case["js"]["ok"] else set()
    if key is None:
        assert name in KEYLESS_IN_JS or not named
    else:
        whole = Secp256k1Key(key.data).format(compressed=False) if key.type is KeyType.SECP256K1 else key.data
        assert named & {key.data.hex(), whole.hex(), jwk_of(key)["x"]}


@cases
def test_the_key_of_ceramic_one(name: str) -> None:
    case, key = CASES[name], ceramic_one_key(CASES[name]["did"])
    expected = {member: value for member, value in case["rust"].get("jwk", {}).items() if member != "kid"}
    assert (jwk_of(key) if key else {}) == expected
