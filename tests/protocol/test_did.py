"""did:key."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import multibase, varint
from ceramic_protocol.accounts.did import (
    KeyType,
    PublicKey,
    decode_did_key,
    did_key,
    did_of,
    resolve_did_key,
)
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.jose import JwsHeader
from tests.support import signing


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


@pytest.mark.parametrize(
    "end", ["", "#z6Mk", "#", "?version-id=0", "/path", "/a/b?c=d#e/f?g", "?a=/b", "#?/"]
)
def test_a_did_ends_where_path_query_or_fragment_begins(end: str) -> None:
    did = signing.ed25519(7).did
    assert did_of(did + end) == did
    assert JwsHeader("EdDSA", did + end, None).signer == did


@pytest.mark.parametrize("end", ["#z6Mk", "?version-id=0", "/path", ";a=b", " ", "\n"])
def test_a_did_url_is_no_did(end: str) -> None:
    with pytest.raises(IdentifierError):
        resolve_did_key(signing.ed25519(7).did + end)


@pytest.mark.parametrize("varint_bytes", ["ed8100", "ed818000", "e78100", "80a400"])
def test_the_codec_is_in_its_shortest_form(varint_bytes: str) -> None:
    with pytest.raises(IdentifierError, match="minimal"):
        resolve_did_key("did:key:" + multibase.encode(bytes.fromhex(varint_bytes) + bytes(32), "z"))


@pytest.mark.parametrize("base", "bkmuf")
def test_no_other_base_than_base58(base: str) -> None:
    with pytest.raises(IdentifierError, match="base58btc"):
        resolve_did_key("did:key:" + multibase.encode(varint.encode(0xED) + bytes(32), base))


@pytest.mark.parametrize("codec", [0xEC, 0x1201, 0x1202, 0x1205, 0xEB])
def test_codecs_that_sign_nothing(codec: int) -> None:
    did = "did:key:" + multibase.encode(varint.encode(codec) + bytes(32), "z")
    assert decode_did_key(did) == (codec, bytes(32))
    with pytest.raises(IdentifierError, match=f"{codec:#x}"):
        resolve_did_key(did)


def test_answers_are_remembered() -> None:
    did = signing.p256(9).did
    assert resolve_did_key(did) is resolve_did_key(did)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_lengths_that_no_ed25519_key_has(length: int) -> None:
    with pytest.raises(IdentifierError):
        resolve_did_key("did:key:" + multibase.encode(varint.encode(0xED) + bytes(length), "z"))


@pytest.mark.parametrize(
    ("codec", "length", "kind"),
    [
        (0x1200, 33, KeyType.P256),
        (0x1200, 65, KeyType.P256),
        (0x1200, 64, None),
        (0xE7, 33, KeyType.SECP256K1),
        (0xE7, 65, None),
        (0xE7, 64, None),
    ],
)
def test_lengths_of_points(codec: int, length: int, kind: KeyType | None) -> None:
    text = "did:key:" + multibase.encode(varint.encode(codec) + b"\x04" + bytes(length - 1), "z")
    if kind is None:
        with pytest.raises(IdentifierError, match=f"{length} bytes"):
            resolve_did_key(text)
    else:
        assert resolve_did_key(text).type is kind


@given(st.one_of(st.text(max_size=40), st.text(max_size=40).map("did:key:z".__add__)))
def test_any_text_is_a_key_or_identifier_error(text: str) -> None:
    with suppress(IdentifierError):
        assert isinstance(resolve_did_key(text), PublicKey)


def test_long_text_is_not_even_tried() -> None:
    with pytest.raises(IdentifierError):
        resolve_did_key("did:key:z" + "2" * 1_000_000)
