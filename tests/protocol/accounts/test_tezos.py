"""Signatures of Tezos accounts, and Base58Check."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ceramic_protocol.accounts import base58check
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.pkh import parse_pkh
from ceramic_protocol.accounts.siwx import Network
from ceramic_protocol.accounts.tezos import check_tezos, tezos_address, tezos_hash
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.multibase import decode_base58, encode_base58
from tests.protocol.accounts.issuers import text_of, tezos, tezos_signature

GRANT = tezos().grant()
EDPK = b"\x0d\x0f\x25\xd9"
EDSIG = b"\x09\xf5\xcd\x86\x12"
EDSIG_TEXT, EDPK_TEXT = GRANT.signature[:99], GRANT.signature[99:]

SANDBOX = {
    "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav": "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",
    "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn": "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
}
"""Public accounts of Tezos' test networks."""


def check(cacao: Cacao) -> str | None:
    return check_tezos(cacao, parse_pkh(cacao.issuer))


@pytest.mark.parametrize("key", SANDBOX)
def test_known_addresses(key: str) -> None:
    assert tezos_address(base58check.decode(key, EDPK, 32)) == SANDBOX[key]


@given(st.integers(1, 1 << 60), st.text("0123456789abc", min_size=1))
def test_signatures(seed: int, nonce: str) -> None:
    grant = tezos(seed).grant(nonce=nonce)
    assert len(grant.signature) == 99 + 54
    assert grant.signature.startswith("edsig")
    assert grant.signature[99:].startswith("edpk")
    assert check(grant) is None
    assert "not signed by" in str(check(replace(grant, nonce=f"{nonce}x")))
    assert "key is that of" in str(check(replace(grant, issuer=tezos(seed + 1).did)))


def test_another_key_than_the_accounts() -> None:
    other = tezos(2).grant()
    assert "key is that of" in str(check(replace(GRANT, signature=other.signature)))
    mixed = other.signature[:99] + EDPK_TEXT
    assert "not signed by" in str(check(replace(GRANT, signature=mixed)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_text_beyond_ascii(encoding: str) -> None:
    cacao = tezos().unsigned(statement="Grüße 🎈")
    text = text_of(cacao, Network.TEZOS)
    length = len(text.encode(encoding)) // (1 if encoding == "utf-8" else 2)
    key = SigningKey((1).to_bytes(32, "big"))
    assert check(replace(cacao, signature=tezos_signature(tezos_hash(text, length), key))) is None
    wrong = tezos_signature(tezos_hash(text, length + 1), key)
    assert check(replace(cacao, signature=wrong)) is not None


def changed(text: str, place: int) -> str:
    """The text with one character changed."""
    return text[:place] + ("2" if text[place] != "2" else "3") + text[place + 1 :]


@given(st.integers(0, 152))
def test_one_changed_character_is_noticed(place: int) -> None:
    assert check(replace(GRANT, signature=changed(GRANT.signature, place))) is not None


def test_checksums_are_checked() -> None:
    for place in (98, 152):
        found = str(check(replace(GRANT, signature=changed(GRANT.signature, place))))
        assert "checksum" in found


RAW = base58check.decode(EDSIG_TEXT, EDSIG, 64)
BROKEN = {
    "empty": "",
    "no key": EDSIG_TEXT,
    "no signature": EDPK_TEXT,
    "generic": base58check.encode(b"\x04\x82\x2b", RAW) + EDPK_TEXT,
    "other curve": base58check.encode(b"\x0d\x73\x65\x13\x3f", RAW) + EDPK_TEXT,
    "key of another curve": EDSIG_TEXT + base58check.encode(b"\x03\xfe\xe2\x56", b"\2" + bytes(32)),
    "swapped": EDPK_TEXT + EDSIG_TEXT,
    "long": GRANT.signature + "1",
    "huge": GRANT.signature + "1" * 200_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_signatures(name: str) -> None:
    assert "is not edsig" in str(check(replace(GRANT, signature=BROKEN[name])))


@given(st.binary(max_size=5), st.binary(max_size=70))
def test_base58check(prefix: bytes, data: bytes) -> None:
    text = base58check.encode(prefix, data)
    assert base58check.decode(text, prefix, len(data)) == data
    with pytest.raises(IdentifierError):
        base58check.decode(text, prefix, len(data) + 1)
    with pytest.raises(IdentifierError):
        base58check.decode(encode_base58(decode_base58(text) + b"\0"), prefix, len(data))


@given(st.text(max_size=140), st.binary(max_size=3), st.integers(-2, 70))
def test_any_text_is_answered(text: str, prefix: bytes, length: int) -> None:
    with suppress(IdentifierError):
        base58check.decode(text, prefix, length)
