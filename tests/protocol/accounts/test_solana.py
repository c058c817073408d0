"""Signatures of Solana accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.pkh import PkhAccount, parse_pkh
from ceramic_protocol.accounts.solana import check_solana, decode_base58
from ceramic_protocol.limits import MAX_BASE58_CHARS
from ceramic_protocol.multibase import decode_base58 as decode
from ceramic_protocol.multibase import encode_base58
from tests.protocol.accounts.issuers import SOLANA_MAINNET, solana

GRANT = solana().grant()


def check(cacao: Cacao) -> str | None:
    return check_solana(cacao, parse_pkh(cacao.issuer))


@given(st.integers(1, 1 << 60), st.text(max_size=10), st.text("0123456789abc", min_size=1))
def test_signatures(seed: int, statement: str, nonce: str) -> None:
    grant = solana(seed).grant(statement=statement, nonce=nonce)
    assert check(grant) is None
    assert "not signed by" in str(check(replace(grant, nonce=f"{nonce}x")))
    assert "not signed by" in str(check(replace(grant, issuer=solana(seed + 1).did)))


def test_the_chain_is_signed() -> None:
    devnet = solana(reference="EtWTRABZaYq6iMfeYKouRu166VU2xqa1")
    assert check(devnet.grant()) is None
    assert check(replace(GRANT, issuer=devnet.did)) is not None


def test_a_key_of_small_order_signs_nothing() -> None:
    # With the neutral element as key and as R, and S = 0, the equation holds for every text.
    neutral = b"\x01" + bytes(31)
    forged = replace(
        GRANT,
        issuer=f"did:pkh:solana:{SOLANA_MAINNET}:{encode_base58(neutral)}",
        signature=encode_base58(neutral + bytes(32)),
    )
    assert "not signed by" in str(check(forged))


SIGNATURE = decode(GRANT.signature)
BROKEN = {
    "empty": "",
    "short": encode_base58(SIGNATURE[:-1]),
    "long": encode_base58(SIGNATURE + b"\0"),
    "zero before": "1" + GRANT.signature,
    "no digit": GRANT.signature[:-1] + "0",
    "multibase": "z" + GRANT.signature,
    "hex": SIGNATURE.hex(),
    "space": f"{GRANT.signature} ",
    "huge": "z" * 200_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_signatures(name: str) -> None:
    assert "signature is not 64 bytes" in str(check(replace(GRANT, signature=BROKEN[name])))


@pytest.mark.parametrize("address", ["1" * 31, "1" * 33, "0" * 44, "a.b", "z" * 128])
def test_broken_addresses(address: str) -> None:
    assert "address is not" in str(check_solana(GRANT, PkhAccount("solana", SOLANA_MAINNET, address)))


@given(st.integers(0, 511))
def test_one_changed_bit_is_noticed(bit: int) -> None:
    changed = (int.from_bytes(SIGNATURE, "big") ^ 1 << bit).to_bytes(64, "big")
    assert check(replace(GRANT, signature=encode_base58(changed))) is not None


def test_long_text_is_not_even_read() -> None:
    assert decode_base58("1" * MAX_BASE58_CHARS, MAX_BASE58_CHARS) == bytes(MAX_BASE58_CHARS)
    assert decode_base58("1" * (MAX_BASE58_CHARS + 1), MAX_BASE58_CHARS + 1) is None
