"""Signatures of Stacks accounts, and c32check."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.c32 import c32_address
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.pkh import parse_pkh
from ceramic_protocol.accounts.stacks import check_stacks, stacks_hash
from tests.protocol.accounts.issuers import STACKS_TESTNET, stacks
from tests.support.signing import SECP256K1_ORDER, join_signature, split_signature

GRANT = stacks().grant()
HASH = bytes.fromhex("a46ff88886c2ef9762d970b4d2c63678835bd39d")

ADDRESSES = [
    (22, HASH, "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7"),
    (26, HASH, "ST2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQYAC0RQ"),
    (20, HASH, "SM2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQVX8X0G"),
    (22, bytes(20), "SP000000000000000000002Q6VF78"),
    (26, bytes(20), "ST000000000000000000002AMW42H"),
]
"""Addresses of the c32check library's own tests and of Stacks' burn addresses."""


def check(cacao: Cacao) -> str | None:
    return check_stacks(cacao, parse_pkh(cacao.issuer))


@pytest.mark.parametrize(("version", "hashed", "address"), ADDRESSES)
def test_known_addresses(version: int, hashed: bytes, address: str) -> None:
    assert c32_address(version, hashed) == address


@given(st.integers(1, 1 << 60), st.text(max_size=10), st.text("0123456789abc", min_size=1))
def test_signatures(seed: int, statement: str, nonce: str) -> None:
    grant = stacks(seed).grant(statement=statement, nonce=nonce)
    assert check(grant) is None
    assert "not signed by" in str(check(replace(grant, nonce=f"{nonce}x")))
    assert "not signed by" in str(check(replace(grant, issuer=stacks(seed + 1).did)))


@pytest.mark.parametrize(
    ("length", "head"), [(0, "00"), (252, "fc"), (253, "fdfd00"), (65535, "fdffff"), (65536, "fe00000100")]
)
def test_lengths_are_written_as_in_bitcoin(length: int, head: str) -> None:
    data = b"\x17Stacks Signed Message:\n" + bytes.fromhex(head) + b"a" * length
    assert stacks_hash("a" * length) == sha256(data).digest()


@pytest.mark.parametrize(
    ("reference", "version", "is_good"),
    [
        ("1", 22, True),
        ("1", 26, False),
        (STACKS_TESTNET, 26, True),
        (STACKS_TESTNET, 22, True),
        (STACKS_TESTNET, 20, False),
        ("2", 26, False),
    ],
)
def test_networks(reference: str, version: int, is_good: bool) -> None:
    assert (check(stacks(1, reference, version).grant()) is None) is is_good


def test_a_high_s_is_as_good() -> None:
    data = bytes.fromhex(GRANT.signature)
    r, s = split_signature(data[:64])
    high = join_signature(r, SECP256K1_ORDER - s) + bytes([data[64] ^ 1])
    assert check(replace(GRANT, signature=high.hex())) is None
    assert check(replace(GRANT, signature=GRANT.signature.upper())) is None


BROKEN = {
    "empty": "",
    "short": GRANT.signature[:-2],
    "long": GRANT.signature + "00",
    "0x": f"0x{GRANT.signature}",
    "0x in place of a byte": f"0x{GRANT.signature[2:]}",
    "no digit": GRANT.signature[:-1] + "g",
    "huge": "00" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_signatures(name: str) -> None:
    assert "hexadecimal" in str(check(replace(GRANT, signature=BROKEN[name])))


@pytest.mark.parametrize("v", [2, 3, 4, 27, 28, 255])
def test_wrong_v(v: int) -> None:
    assert check(replace(GRANT, signature=f"{GRANT.signature[:-2]}{v:02x}")) is not None


@given(st.integers(0, 519))
def test_one_changed_bit_is_noticed(bit: int) -> None:
    data = (int(GRANT.signature, 16) ^ 1 << bit).to_bytes(65, "big")
    assert check(replace(GRANT, signature=data.hex())) is not None
