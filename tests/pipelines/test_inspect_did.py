"""`inspect` of DIDs and of codes of reasons."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ceramic_pipelines.explain_did import ACCOUNT_GRANTS, KEY_GRANTS
from ceramic_protocol.accounts import cacao_signatures
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.did_document import did_document
from ceramic_protocol.reasons import Reason
from tests.support import signing, vectors
from tests.support.cli import run

P384 = "did:key:z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54"
ETH = "0xb9c5714089478a327f09197987f16f9e5d936e8a"
SOLANA = "CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev"


def inspect(text: str) -> dict[str, Any]:
    result = run("inspect", text, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("kind", KeyType)
def test_a_key(kind: KeyType) -> None:
    signer = signing.SIGNERS[kind](3)
    found = inspect(signer.did)
    assert found["what"] == f"public key of type {kind.value}"
    assert (found["did"], found["key"]) == (signer.did, signer.key.data.hex())
    assert (found["signs with"], found["signs events"]) == (kind.algorithm, "yes")
    assert found["controls streams"].startswith("yes")
    assert found["gives capabilities"].startswith("yes") == (kind is KeyType.P256)
    assert found["document"] == did_document(signer.did)


def test_a_kid_is_explained_as_its_did() -> None:
    did = signing.ed25519(3).did
    assert inspect(f"{did}?version-id=0#{did[8:]}") == inspect(did)


def test_a_key_that_signs_nothing() -> None:
    found = inspect(P384)
    assert found["what"] == "public key of type p384"
    assert found["signs events"].startswith("no")
    assert found["controls streams"] == found["gives capabilities"] == "no"
    assert found["document"] == did_document(P384)


@pytest.mark.parametrize(
    ("account", "words", "types"),
    [
        (f"eip155:137:{ETH}", "Ethereum", "eip191 or eip1271"),
        (f"solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:{SOLANA}", "Solana", "solana:ed25519"),
        ("tezos:NetXdQprcVkpaWU:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8", "Tezos", "tezos:ed25519"),
        ("tezos:NetXdQprcVkpaWU:tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq", "Tezos", None),
        ("stacks:1:SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1", "Stacks", "stacks:secp256k1"),
        ("bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6", "Bitcoin", None),
    ],
)
def test_an_account(account: str, words: str, types: str | None) -> None:
    found = inspect(f"did:pkh:{account}")
    assert words in found["what"]
    assert f"{found['chain']}:{found['address']}" == account
    assert found["signs events"].startswith("no")
    assert found["controls streams"].startswith("yes" if types else "no")
    assert found["gives capabilities"].startswith(f"yes, signed as {types}" if types else "no")
    assert found["document"] == did_document(f"did:pkh:{account}")


def test_an_account_in_the_old_form_has_a_document_and_nothing_else() -> None:
    found = inspect(f"did:pkh:eth:{ETH}")
    assert "old form" in found["what"]
    assert (found["chain"], found["address"]) == ("eip155:1", ETH)
    assert found["gives capabilities"].startswith("no")


def test_capabilities_are_said_to_be_given_as_they_are_verified() -> None:
    said = {kind: key.value for key, kinds in KEY_GRANTS.items() for kind in kinds} | {
        kind: namespace for namespace, kinds in ACCOUNT_GRANTS.items() for kind in kinds
    }
    checked = cacao_signatures._ISSUERS
    assert said == {kind: issuer.removeprefix("key:") for kind, issuer in checked.items()}


def test_words_to_read_have_every_label() -> None:
    text = run("inspect", f"did:pkh:eip155:1:{ETH}").stdout
    for label in ("what", "chain", "address", "signs events", "controls streams", "gives capabilities"):
        assert f"\n{label} " in f"\n{text}"
    assert "EcdsaSecp256k1RecoveryMethod2020" in text


@pytest.mark.parametrize(
    ("did", "words"),
    [
        ("did:web:example.com", "unsupported DID method 'web'"),
        (
            "did:3:kjzl6cwe1jw14ah8wjy8grgzl52sl18sbyirgi9bqy9yzu28kbxvjmhip99r14k",
            "unsupported DID method '3'",
        ),
        ("did:pkh:near:mainnet:alice.near", "unsupported did:pkh namespace 'near'"),
        ("did:key:z6LSk2Qah3oArHtAA93AXg3gu1QNQcdRjvaV8JP2jVsEksHY", "unsupported did:key of codec 0xec"),
        ("did:key:zQ3shMQnkqiyfujhRPGFFqSEeD2yV9kUcmyBiu2fT2BXfFPMN", "no secp256k1 key"),
        ("did:nonsense", "is not a DID"),
    ],
)
def test_what_is_unsupported_is_wrong_usage(did: str, words: str) -> None:
    result = run("inspect", did)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("case", vectors.accounts("did.json")["cases"], ids=lambda case: case["name"])
def test_every_did_of_the_vectors_is_explained_or_refused(case: dict[str, Any]) -> None:
    result = run("inspect", case["did"])
    assert result.exit_code in {0, 2}
    assert bool(result.stdout) == (result.exit_code == 0)


@pytest.mark.parametrize("reason", Reason)
def test_a_code_is_explained(reason: Reason) -> None:
    assert inspect(reason.value) == {
        "what": f"reason for which an event is {reason.outcome.value}",
        "code": reason.value,
        "layer": reason.layer.value,
        "verdict": reason.outcome.value,
        "cause": reason.summary,
        "remedy": reason.remedy,
    }
