"""One signed text must not fit two capabilities."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.ambiguity import check_text
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.capability import STRICT
from ceramic_protocol.accounts.pkh import parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.reasons import Finding, Reason
from tests.support.capabilities import Wallet, iso
from tests.support.signing import ed25519

WALLET, SESSION, THIEF = Wallet(), ed25519(1), ed25519(2)
HONEST = replace(
    WALLET.grant(SESSION, expires_at=iso(1_710_000_000), resources=("ceramic://one",), statement="Hello"),
    request_id=None,
)
MIDDLE = f"\n\nURI: {THIEF.did}\nVersion: 1\nChain ID: 1\nNonce: abcdefghij\nIssued At: {iso(1_704_067_200)}"


def look(cacao: Cacao) -> Finding | None:
    block = cacao.encode()
    return STRICT.look_at(Cid.of(block), block, NoContracts()).finding


def text(cacao: Cacao) -> str:
    return sign_in_message(cacao, Network.ETHEREUM, parse_pkh(cacao.issuer))


def test_a_statement_that_brings_its_own_audience() -> None:
    statement = f"Hello{MIDDLE}\nResources:\n- ceramic://*\n- x"
    given = WALLET.sign(replace(HONEST, statement=statement))
    assert look(given) is not None
    tail = text(given).partition("- ceramic://*\n- ")[2]
    forged = replace(
        given, statement="Hello", audience=THIEF.did, expires_at=None, resources=("ceramic://*", tail)
    )
    assert text(forged) == text(given)
    found = look(forged)
    assert found is not None
    assert found.reason is Reason.CACAO_MALFORMED


@pytest.mark.parametrize(
    "members",
    [
        {"domain": "app wants you\n\nURI: x"},
        {"nonce": "12345678\nIssued At: x"},
        {"version": "1\nChain ID: 1"},
        {"request_id": "1\nResources:\n- ceramic://*"},
        {"resources": ("x\n- ceramic://*",)},
        {"statement": "URI: x"},
        {"statement": "a\n\nURI: x"},
    ],
    ids=lambda members: next(iter(members)),
)
def test_members_that_pretend_to_be_several(members: dict[str, object]) -> None:
    found = look(WALLET.sign(replace(HONEST, **members)))  # type: ignore[arg-type]
    assert found is not None
    assert found.reason is Reason.CACAO_MALFORMED


@pytest.mark.parametrize("statement", ["Two\nlines", "Two\n\nparagraphs", "my URI: x", None])
def test_statements_of_several_lines_are_fine(statement: str | None) -> None:
    assert look(WALLET.sign(replace(HONEST, statement=statement))) is None


PIECES = st.lists(
    st.sampled_from(["\n", "\n\n", "URI: ", "a", "Version: 1", "Nonce: ", "Resources:", "- ", "Chain ID: 1"]),
    max_size=6,
).map("".join)
CACAOS = st.builds(
    lambda domain, statement, nonce, request, resources: replace(
        HONEST, domain=domain, statement=statement, nonce=nonce, request_id=request, resources=resources
    ),
    PIECES,
    st.none() | PIECES,
    PIECES,
    st.none() | PIECES,
    st.none() | st.lists(PIECES, max_size=3).map(tuple),
)


def meaning(cacao: Cacao) -> object:
    """What a text has to tell; what is empty is not shown."""
    shown = (cacao.domain, cacao.statement or "", cacao.nonce, cacao.request_id or "")
    return shown, cacao.resources or ()


@given(CACAOS, CACAOS)
def test_the_same_text_means_the_same(first: Cacao, second: Cacao) -> None:
    if text(first) == text(second) and check_text(first) is None and check_text(second) is None:
        assert meaning(first) == meaning(second)
