"""The text that is signed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from tests.protocol.accounts.test_cacao import cacaos

ACCOUNT = PkhAccount(
    "solana", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "6i6qSWkZQMSJ2UF4tEkDBTQXRoiqGHdXXmXft2zFawHR"
)
MEMBERS: dict[str, Any] = {
    "header_type": "caip122",
    "domain": "app.example",
    "issuer": "",
    "audience": "did:key:z6Mk",
    "version": "1",
    "nonce": "n",
    "issued_at": "i",
    "signature_type": "",
    "signature": "",
}
HEAD = f"app.example wants you to sign in with your Solana account:\n{ACCOUNT.address}\n\n"
START = f"URI: did:key:z6Mk\nVersion: 1\nChain ID: {ACCOUNT.reference}\nNonce: n\nIssued At: i"
LEGACY = "URI: did:key:z6Mk\nVersion: 1\nNonce: n\nIssued At: i"

TEXTS: list[tuple[dict[str, Any], str]] = [
    ({}, f"{HEAD}{START}"),
    ({"statement": "s", "resources": ()}, f"{HEAD}s\n\n{START}"),
    ({"statement": "", "request_id": "", "resources": ("a",)}, f"{HEAD}{START}\nResources:\n- a"),
    ({"statement": "a\nb"}, f"{HEAD}a\nb\n\n{START}"),
    (
        {"expires_at": "e", "not_before": "n", "request_id": "r", "resources": ("a", "b")},
        f"{HEAD}{START}\nExpiration Time: e\nNot Before: n\nRequest ID: r\nResources:\n- a\n- b",
    ),
]


@pytest.mark.parametrize(("members", "text"), TEXTS)
def test_texts(members: dict[str, Any], text: str) -> None:
    assert sign_in_message(Cacao(**MEMBERS | members), Network.SOLANA, ACCOUNT) == text


def test_what_is_empty_can_be_shown() -> None:
    cacao = Cacao(**MEMBERS, statement="", request_id="", resources=())
    shown = sign_in_message(cacao, Network.SOLANA, ACCOUNT, shows_empty=True)
    assert shown == f"{HEAD}\n\n{START}\nRequest ID: "


def test_the_legacy_order() -> None:
    cacao = Cacao(**MEMBERS, expires_at="e", not_before="n", request_id="r", resources=("a",))
    rest = f"Expiration Time: e\nNot Before: n\nRequest ID: r\nChain ID: {ACCOUNT.reference}\nResources:\n- a"
    assert sign_in_message(cacao, Network.SOLANA, ACCOUNT, is_legacy=True) == f"{HEAD}{LEGACY}\n{rest}"


def test_the_legacy_headline_over_nothing() -> None:
    for resources, end in ((None, ""), ((), "\nResources:")):
        cacao = Cacao(**MEMBERS, resources=resources)
        text = sign_in_message(cacao, Network.SOLANA, ACCOUNT, is_legacy=True)
        assert text == f"{HEAD}{LEGACY}\nChain ID: {ACCOUNT.reference}{end}"


@given(cacaos, st.sampled_from(Network), st.booleans(), st.booleans())
def test_every_member_is_in_the_text(
    cacao: Cacao, network: Network, is_legacy: bool, shows_empty: bool
) -> None:
    text = sign_in_message(cacao, network, ACCOUNT, is_legacy=is_legacy, shows_empty=shows_empty)
    assert text.startswith(f"{cacao.domain} wants you to sign in with your {network.value} account:\n")
    shown = {
        "URI": cacao.audience,
        "Version": cacao.version,
        "Chain ID": ACCOUNT.reference,
        "Nonce": cacao.nonce,
        "Issued At": cacao.issued_at,
        "Expiration Time": cacao.expires_at,
        "Not Before": cacao.not_before,
        "Request ID": cacao.request_id,
    }
    for label, value in shown.items():
        assert not value or f"\n{label}: {value}" in text
    assert cacao.statement is None or f"\n\n{cacao.statement}\n\nURI: " in text or not cacao.statement
    assert text.endswith("".join(f"\n- {resource}" for resource in cacao.resources or ()))
