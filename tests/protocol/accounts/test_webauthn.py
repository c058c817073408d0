"""Signatures of passkeys."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.cacao import Cacao, decode_cacao
from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.webauthn import (
    challenge_of,
    check_client_data,
    check_webauthn,
    decode_assertion,
    decode_signature,
)
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_CLIENT_DATA_BYTES
from ceramic_protocol.multibase import decode as multibase
from ceramic_protocol.multibase import encode_base64url
from tests.protocol.accounts.issuers import client_data, passkey, passkey_signature
from tests.support import strategies
from tests.support.signing import P256_ORDER, join_signature, split_signature

ISSUER = passkey()
GRANT = ISSUER.grant()


def check(cacao: Cacao) -> str | None:
    return check_webauthn(cacao, resolve_did_key(cacao.issuer))


@given(st.integers(1, 1 << 60), strategies.texts, st.booleans())
def test_signatures(seed: int, nonce: str, compact: bool) -> None:
    grant = passkey_signature(passkey(seed).unsigned(nonce=nonce), seed, compact=compact)
    assert check(grant) is None
    assert check(decode_cacao(grant.encode())) is None
    assert "not signed by" in str(check(replace(grant, issuer=passkey(seed + 1).did)))


def test_the_challenge_has_neither_signature_nor_issuer() -> None:
    assert challenge_of(GRANT) == challenge_of(replace(GRANT, issuer="x", signature="x", metadata=None))
    value = dagcbor.decode(GRANT.encode())
    assert isinstance(value, dict)
    payload = {name: member for name, member in value["p"].items() if name != "iss"}  # type: ignore[union-attr]
    assert challenge_of(GRANT) == Cid.of(dagcbor.encode({"h": value["h"], "p": payload}))


@pytest.mark.parametrize(
    "change",
    [
        {"header_type": "x"},
        {"nonce": "x"},
        {"statement": "x"},
        {"statement": None},
        {"request_id": "x"},
        {"resources": ()},
        {"expires_at": None},
        {"unknown": {"p": {"prf": []}}},
        {"unknown": {"h": {"x": 1}}},
        {"unknown": {"": {"x": 1}}},
    ],
    ids=repr,
)
def test_changes_after_signing(change: dict[str, Any]) -> None:
    assert "challenge is not" in str(check(replace(GRANT, **change)))
    assert check(passkey_signature(ISSUER.unsigned(**change))) is None


def test_what_stands_beside_the_signature_is_not_signed() -> None:
    metadata = dict(GRANT.metadata or {}) | {"x": 1}
    assert check(replace(GRANT, metadata=metadata, unknown={"s": {"x": 1}})) is None


def test_a_high_s_is_as_good() -> None:
    compact = passkey_signature(ISSUER.unsigned(), compact=True)
    r, s = split_signature(multibase(f"u{compact.signature}"))
    for other in (s, P256_ORDER - s):
        for data in (join_signature(r, other), encode_dss_signature(r, other)):
            assert check(replace(compact, signature=encode_base64url(data))) is None
    assert check(replace(compact, signature=encode_base64url(join_signature(r, s ^ 1)))) is not None


DER = multibase(f"u{GRANT.signature}")
BROKEN = {
    "empty": b"",
    "cut": DER[:-1],
    "long": DER + b"\0",
    "63 bytes": bytes(63),
    "65 bytes": bytes(65),
    "too large": encode_dss_signature(1 << 256, 1),
    "negative": bytes.fromhex("3006020180020101"),
    "BER length": b"\x30\x81" + DER[1:],
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_signatures(name: str) -> None:
    found = str(check(replace(GRANT, signature=encode_base64url(BROKEN[name]))))
    assert "neither DER nor" in found


@pytest.mark.parametrize(
    "text",
    [GRANT.signature + "=", f" {GRANT.signature}", "é", "0x00", "+" * 86],
    ids=["padded", "blank before", "not ASCII", "hexadecimal", "other alphabet"],
)
def test_broken_texts(text: str) -> None:
    assert decode_signature(text) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_are_answered(data: bytes, aad: bytes) -> None:
    changed = replace(GRANT, signature=encode_base64url(data))
    assert check(changed) is not None
    assert check(replace(GRANT, metadata={"aad": aad})) is not None


NO_ASSERTIONS: list[Any] = [
    None,
    {},
    {"aad": None},
    {"aad": "text"},
    {"aad": Cid.of(b"")},
    {"aad": b""},
    {"aad": dagcbor.encode([])},
    {"aad": dagcbor.encode({})},
    {"aad": dagcbor.encode({"authData": b""})},
    {"aad": dagcbor.encode({"authData": b"", "clientDataJSON": "{}"})},
    {"aad": dagcbor.encode({"authData": Cid.of(b""), "clientDataJSON": b""})},
]


@pytest.mark.parametrize("metadata", NO_ASSERTIONS, ids=repr)
def test_without_what_the_authenticator_said(metadata: Any) -> None:
    assert "s.m.aad" in str(check(replace(GRANT, metadata=metadata)))


CHALLENGE = challenge_of(GRANT)
USUAL = client_data(CHALLENGE)
PADDED = f"{encode_base64url(CHALLENGE)}="
WRONG: dict[str, tuple[bytes, str]] = {
    "another type": (client_data(CHALLENGE, type="webauthn.create"), "type"),
    "no type": (client_data(CHALLENGE, type=None), "type"),
    "another challenge": (client_data(Cid.of(b"")), "challenge"),
    "no challenge": (client_data(CHALLENGE, challenge=None), "challenge"),
    "challenge as text of the CID": (client_data(CHALLENGE, challenge=str(CHALLENGE)), "challenge"),
    "padded challenge": (client_data(CHALLENGE, challenge=PADDED), "challenge"),
    "twice": (USUAL[:-1] + b', "type": "webauthn.get"}', "twice"),
    "list": (b"[]", "type"),
    "no JSON": (b"{", "clientDataJSON"),
    "byte order mark": (b"\xef\xbb\xbf" + USUAL, "clientDataJSON"),
    "no UTF-8": (b"\xff" + USUAL, "clientDataJSON"),
    "UTF-16": (USUAL.decode().encode("utf-16"), "clientDataJSON"),
    "deep": (b"[" * MAX_CLIENT_DATA_BYTES, "clientDataJSON"),
    "many digits": (b'{"a":' + b"1" * 10_000 + b"}", "clientDataJSON"),
    "long": (USUAL + b" " * MAX_CLIENT_DATA_BYTES, "bytes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_client_data(name: str) -> None:
    client, word = WRONG[name]
    found = check(passkey_signature(ISSUER.unsigned(), client=client))
    assert word in str(found)


@given(st.binary(max_size=40), strategies.json)
def test_any_client_data_is_answered(data: bytes, value: object) -> None:
    for client in (data, json.dumps(value).encode()):
        assert check_client_data(client, CHALLENGE) is not None
    assert check_client_data(USUAL, CHALLENGE) is None


def test_client_data_is_signed() -> None:
    assertion = decode_assertion(GRANT)
    assert assertion is not None
    for authenticator, client in (
        (assertion.authenticator_data + b"\0", assertion.client_data),
        (assertion.authenticator_data, assertion.client_data + b" "),
    ):
        aad = dagcbor.encode({"authData": authenticator, "clientDataJSON": client})
        assert "not signed by" in str(check(replace(GRANT, metadata={"aad": aad})))
