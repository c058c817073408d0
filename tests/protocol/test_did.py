"""did:key."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import multibase, varint
from ceramic_protocol.accounts.did import KeyType, PublicKey, did_key, resolve_did_key
from ceramic_protocol.errors import IdentifierError
from tests.support import signing, vectors


@pytest.mark.parametrize("kind", KeyType)
def test_a_key_comes_back_from_its_did(kind: KeyType) -> None:
    signer = signing.SIGNERS[kind](7)
    assert resolve_did_key(signer.did) == signer.key
    assert did_key(signer.key) == signer.did


def test_prefixes_tell_the_kind() -> None:
    starts = {kind: make(3).did[:12] for kind, make in signing.SIGNERS.items()}
    assert starts == {
        KeyType.ED25519: "did:key:z6Mk",
        KeyType.SECP256K1: "did:key:zQ3s",
        KeyType.P256: "did:key:zDna",
    }


CASES = vectors.accounts("did.json")["cases"]
KNOWN = {"ed25519": KeyType.ED25519, "secp256k1": KeyType.SECP256K1, "p256": KeyType.P256}

# Both references resolve them, or the stricter one refuses: the rule of accounts.md 1.1 decides.
REFUSED = (
    "bad: ",
    "pkh/other",
    "p384",
    "p521",
    "js-did README P-521",
    "did url",
    "p256 raw",
    "secp256k1 uncompressed",
)
# The form is checked here; whether the point is on the curve is found out when a signature is checked.
WELL_FORMED = "bad: secp256k1 not on curve"
SIGNING = [case for case in CASES if case.get("publicKeyHex") and not case["name"].startswith(REFUSED)]


@pytest.mark.parametrize("case", SIGNING, ids=lambda case: case["name"])
def test_keys_of_the_vectors(case: dict[str, str]) -> None:
    key = PublicKey(KNOWN[case["keyType"]], bytes.fromhex(case["publicKeyHex"]))
    assert resolve_did_key(case["did"]) == key
    assert did_key(key) == case["did"]
    assert key.type.algorithm == case["alg"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_which_dids_of_the_vectors_are_keys_that_sign(case: dict[str, str]) -> None:
    refused = case["name"].startswith(REFUSED) and case["name"] != WELL_FORMED
    try:
        resolve_did_key(case["did"])
    except IdentifierError:
        assert refused
    else:
        assert not refused


def test_both_answers_are_among_the_vectors() -> None:
    refused = [case for case in CASES if case["name"].startswith(REFUSED)]
    assert 10 < len(refused) < len(CASES) - 8


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_lengths_that_no_ed25519_key_has(length: int) -> None:
    with pytest.raises(IdentifierError):
        resolve_did_key("did:key:" + multibase.encode(varint.encode(0xED) + bytes(length), "z"))


def test_p256_may_be_whole() -> None:
    text = "did:key:" + multibase.encode(varint.encode(0x1200) + b"\x04" + bytes(64), "z")
    assert resolve_did_key(text).type is KeyType.P256


@given(st.one_of(st.text(max_size=40), st.text(max_size=40).map("did:key:z".__add__)))
def test_any_text_is_a_key_or_identifier_error(text: str) -> None:
    with suppress(IdentifierError):
        assert isinstance(resolve_did_key(text), PublicKey)


def test_long_text_is_not_even_tried() -> None:
    with pytest.raises(IdentifierError):
        resolve_did_key("did:key:z" + "2" * 1_000_000)
