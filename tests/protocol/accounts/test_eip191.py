"""Signatures of Ethereum keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.eip191 import (
    LEGACY_UNTIL,
    candidate_texts,
    check_eip191,
    is_old,
    personal_hash,
    recover_address,
)
from ceramic_protocol.accounts.pkh import checksum_address, parse_pkh
from ceramic_protocol.accounts.recoverable import decode_hex
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from tests.protocol.accounts.issuers import ethereum, ethereum_address, personal_signature
from tests.support.signing import SECP256K1_ORDER, join_signature, split_signature

ISSUER = ethereum()
GRANT = ISSUER.grant()


def check(cacao: Cacao) -> str | None:
    return check_eip191(cacao, parse_pkh(cacao.issuer))


def signed(cacao: Cacao, *, checksummed: bool = False, is_legacy: bool = False, seed: int = 1) -> Cacao:
    """The capability, signed over another of its texts."""
    account = parse_pkh(cacao.issuer)
    address = checksum_address(account.address) if checksummed else account.address
    shown = account._replace(address=address)
    text = sign_in_message(cacao, Network.ETHEREUM, shown, is_legacy=is_legacy)
    return replace(cacao, signature=personal_signature(text, seed))


def raw(cacao: Cacao) -> bytearray:
    """The bytes of a signature."""
    data = decode_hex(cacao.signature, 65)
    assert data is not None
    return bytearray(data)


def test_the_hash_of_a_known_text() -> None:
    wanted = "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2"
    assert personal_hash("Hello World").hex() == wanted


@given(st.integers(1, 1 << 60), st.text(), st.binary(min_size=32, max_size=32))
def test_the_address_of_a_signature(seed: int, text: str, other: bytes) -> None:
    signature = decode_hex(personal_signature(text, seed), 65)
    assert signature is not None
    assert recover_address(personal_hash(text), signature) == ethereum_address(seed)
    assert recover_address(other, signature) != ethereum_address(seed)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=60, max_size=70))
def test_any_bytes_are_answered(digest: bytes, signature: bytes) -> None:
    recover_address(digest, signature)


@pytest.mark.parametrize("data", [bytes(65), b"\xff" * 64 + b"\0", bytes(64) + b"\x1b"], ids=repr)
def test_nobodys_signatures(data: bytes) -> None:
    assert recover_address(bytes(32), data) is None


@pytest.mark.parametrize("reference", ["1", "137"])
@pytest.mark.parametrize("checksummed_issuer", [False, True])
@pytest.mark.parametrize("checksummed_text", [False, True])
def test_the_address_in_the_text(reference: str, *, checksummed_issuer: bool, checksummed_text: bool) -> None:
    cacao = ethereum(reference=reference, checksummed=checksummed_issuer).unsigned()
    text = signed(cacao, checksummed=checksummed_text)
    # A text in lower case is tried only if the issuer is in lower case.
    assert check(text) is None
    account = parse_pkh(cacao.issuer)
    lower = account._replace(address=account.address.lower())
    lowered = sign_in_message(cacao, Network.ETHEREUM, lower)
    found = check(replace(cacao, signature=personal_signature(lowered)))
    assert (found is None) is not checksummed_issuer


LEGACY = [
    ("2022-08-20T16:25:24.000Z", True),
    ("2022-09-20T00:00:00Z", True),
    ("2022-09-20T02:00:00+02:00", True),
    ("2022-09-20T00:00:00.001Z", False),
    ("2022-09-22T16:25:24.000Z", False),
    ("2022-08-20", False),
]


@pytest.mark.parametrize(("issued_at", "is_good"), LEGACY)
def test_the_legacy_text(issued_at: str, is_good: bool) -> None:
    cacao = ISSUER.unsigned(issued_at=issued_at)
    assert (check(signed(cacao, is_legacy=True)) is None) is is_good
    assert is_old(cacao) is is_good
    assert check(signed(cacao)) is None
    assert check(signed(cacao, is_legacy=True, seed=2)) is not None


def test_the_day_of_the_new_text() -> None:
    assert LEGACY_UNTIL == 1_663_632_000_000


def test_texts_are_tried_once() -> None:
    checksummed = ethereum(checksummed=True).unsigned()
    assert len(candidate_texts(checksummed, parse_pkh(checksummed.issuer))) == 1
    assert len(candidate_texts(GRANT, parse_pkh(GRANT.issuer))) == 2


def test_text_beyond_ascii_is_counted_in_bytes() -> None:
    cacao = ISSUER.unsigned(statement="Grüße 🎈")
    assert check(ISSUER.sign(cacao)) is None
    text = sign_in_message(cacao, Network.ETHEREUM, parse_pkh(cacao.issuer))
    digest = personal_hash(text, len(text.encode("utf-16-le")) // 2)
    assert digest != personal_hash(text)
    sloppy = PrivateKey((1).to_bytes(32, "big")).sign_recoverable(digest, hasher=None)
    assert check(replace(cacao, signature=sloppy.hex())) is not None


def test_spellings_of_one_signature() -> None:
    data = raw(GRANT)
    low = bytes([*data[:64], data[64] - 27])
    r, s = split_signature(bytes(data[:64]))
    high = join_signature(r, SECP256K1_ORDER - s) + bytes([28 - (data[64] - 27)])
    for text in (data.hex(), "0x" + data.hex().upper(), low.hex(), f"0x{high.hex()}"):
        assert check(replace(GRANT, signature=text)) is None


@pytest.mark.parametrize("v", [2, 3, 26, 29, 30, 35, 255])
def test_wrong_v(v: int) -> None:
    data = raw(GRANT)
    data[64] = v
    assert "v = " in str(check(replace(GRANT, signature=data.hex())))


def test_the_other_v() -> None:
    data = raw(GRANT)
    data[64] = 55 - data[64]
    assert "not signed by" in str(check(replace(GRANT, signature=data.hex())))


BROKEN = {
    "empty": "",
    "prefix": "0x",
    "short": GRANT.signature[:-2],
    "odd": GRANT.signature[:-1],
    "long": GRANT.signature + "00",
    "huge": "00" * 100_000,
    "no digit": GRANT.signature[:-1] + "g",
    "space": GRANT.signature[:-2] + " " + GRANT.signature[-1],
    "twice prefixed": "0x" + GRANT.signature,
    "capital X": "0X" + GRANT.signature[2:],
    "other digits": "\u0660" * 130,
    "base64": "pMJiHErWbShA7Oz6xcr+mStd+GyAUMkNKA8q6i5wVrZi52KPMgis7jut7ncT1h5T9u1NeH20aWbEINZWlX1l7Rw=",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_signatures(name: str) -> None:
    assert "hexadecimal" in str(check(replace(GRANT, signature=BROKEN[name])))


@given(st.integers(0, 511))
def test_one_changed_bit_is_noticed(bit: int) -> None:
    data = raw(GRANT)
    data[bit // 8] ^= 1 << bit % 8
    assert check(replace(GRANT, signature=data.hex())) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "other.example"},
        {"audience": "did:key:z6Mk"},
        {"version": "2"},
        {"nonce": "other"},
        {"issued_at": "2024-06-01T00:00:00Z"},
        {"expires_at": None},
        {"not_before": "2024-06-01T00:00:00Z"},
        {"statement": None},
        {"request_id": "r"},
        {"resources": ("ceramic://*", "ceramic://x")},
        {"resources": None},
        {"issuer": ethereum(2).did},
        {"issuer": ethereum(reference="137").did},
    ],
    ids=repr,
)
def test_changes_after_signing(change: dict[str, Any]) -> None:
    assert check(GRANT) is None
    assert check(replace(GRANT, **change)) is not None
