"""DID documents: what the references give where the vectors have no case, and what gets none."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import multibase, varint
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.did_document import did_document
from ceramic_protocol.errors import IdentifierError
from tests.support import signing

ETH = "0xb9c5714089478a327f09197987f16f9e5d936e8a"
SOLANA = "CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev"
TEZOS = "did:pkh:tezos:NetXdQprcVkpaWU:"
OFF_CURVE = {KeyType.ED25519: b"\x02" + bytes(31), KeyType.SECP256K1: b"\x02" + bytes(31) + b"\x05"}


def key_did(codec: int, key: bytes) -> str:
    return "did:key:" + multibase.encode(varint.encode(codec) + key, "z")


def methods(did: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", did_document(did)["verificationMethod"])


@pytest.mark.parametrize("kind", KeyType)
def test_every_key_that_signs_has_a_document(kind: KeyType) -> None:
    did = signing.SIGNERS[kind](5).did
    document = did_document(did)
    assert json.loads(json.dumps(document)) == document
    assert document["authentication"] == [method["id"] for method in methods(did)]
    assert ("keyAgreement" in document) == (kind is KeyType.ED25519)
    assert did_document(f"{did}/path?query=1#{did[8:]}") == document


@pytest.mark.parametrize(
    ("curve", "name"), [(ec.SECP256R1(), "P-256"), (ec.SECP384R1(), "P-384"), (ec.SECP521R1(), "P-521")]
)
def test_points_of_the_curves_of_nist_may_be_whole(curve: ec.EllipticCurve, name: str) -> None:
    codec = {"P-256": 0x1200, "P-384": 0x1201, "P-521": 0x1202}[name]
    key = ec.derive_private_key(5, curve).public_key()
    forms = (PublicFormat.CompressedPoint, PublicFormat.UncompressedPoint)
    compressed, whole = (methods(key_did(codec, key.public_bytes(Encoding.X962, form))) for form in forms)
    assert compressed[0]["publicKeyJwk"] == whole[0]["publicKeyJwk"]
    assert whole[0]["publicKeyJwk"]["crv"] == name


def test_numbers_have_no_leading_zeros() -> None:
    """As in the resolver of JavaScript; RFC 7518 would have 32 bytes."""
    key = ec.derive_private_key(379, ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert point[1] == 0
    assert len(methods(key_did(0x1200, point))[0]["publicKeyJwk"]["x"]) < 43


@pytest.mark.parametrize(
    "did",
    [
        *(key_did(kind.multicodec, key) for kind, key in OFF_CURVE.items()),
        *(key_did(codec, b"\x04" + bytes(length)) for codec, length in ((0x1200, 64), (0x1201, 96))),
        key_did(0xED, bytes(32)),
        key_did(0xED, b"\xee" + b"\xff" * 30 + b"\x7f"),
        *(
            key_did(codec, bytes(length))
            for codec, length in ((0xED, 31), (0xE7, 32), (0x1200, 64), (0x1202, 0))
        ),
    ],
)
def test_a_key_is_a_point_of_its_curve(did: str) -> None:
    with pytest.raises(IdentifierError, match=r"no .* key"):
        did_document(did)


@pytest.mark.parametrize(
    ("did", "words"),
    [
        ("did:web:example.com", "unsupported DID method 'web'"),
        (
            "did:3:kjzl6cwe1jw14ah8wjy8grgzl52sl18sbyirgi9bqy9yzu28kbxvjmhip99r14k",
            "unsupported DID method '3'",
        ),
        ("did:safe:eth:" + ETH, "unsupported DID method 'safe'"),
        (
            "did:pkh:cosmos:cosmoshub-3:cosmos1t2uflqwqe0fsj0shcfkrvpukewcw40yjj6hdc0",
            "unsupported .* 'cosmos'",
        ),
        (
            "did:pkh:aleo:1:aleo1y90yg3yzs4g7q25f9nn8khuu00m8ysynxmcw8aca2d0phdx8dgpq4vw348",
            "unsupported .* 'aleo'",
        ),
        (key_did(0xEC, bytes(32)), "unsupported did:key of codec 0xec"),
        ("did:pkh:tz:tz4abc", "unsupported kind of Tezos address"),
        ("did:", "is not a DID"),
        ("did:key", "is not a DID"),
        ("DID:key:z6Mk", "is not a DID"),
        ("", "is not a DID"),
        ("did:pkh:eip155:1:0x12", "40 hexadecimal digits"),
        ("did:pkh:eth:0x12", "40 hexadecimal digits"),
        ("did:pkh:eth:1:" + ETH, "unsupported did:pkh namespace 'eth'"),
        ("did:pkh:solana:abc:" + ETH, "is no base58 digit|is no Ed25519 key"),
        ("did:pkh:solana:abc:" + SOLANA[1:], "is no Ed25519 key"),
    ],
)
def test_what_has_no_document_is_named(did: str, words: str) -> None:
    with pytest.raises(IdentifierError, match=words):
        did_document(did)


def test_a_tezos_account_has_two_methods() -> None:
    did = f"{TEZOS}tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8"
    account = {"controller": did, "blockchainAccountId": did.removeprefix("did:pkh:")}
    ids = [f"{did}#blockchainAccountId", f"{did}#TezosMethod2021"]
    types = ["EcdsaSecp256k1RecoveryMethod2020", "TezosMethod2021"]
    assert did_document(did) == {
        "id": did,
        "verificationMethod": [{"id": i, "type": t, **account} for i, t in zip(ids, types, strict=True)],
        "authentication": ids,
        "assertionMethod": ids,
    }


@pytest.mark.parametrize(
    ("did", "chain"),
    [
        (f"did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:{SOLANA}", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"),
        (f"did:pkh:sol:{SOLANA}", "4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ"),
    ],
)
def test_a_solana_account_is_a_key(did: str, chain: str) -> None:
    """The example of the did:pkh specification, in the form of did-pkh 0.2.1."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "qDkywhH-S6nNxQhA6SHKsoFW7A2gX-X0b3TtwVBMHm8"}
    shared = {
        "controller": did,
        "blockchainAccountId": f"solana:{chain}:{SOLANA}",
        "publicKeyJwk": jwk,
    }
    ids = [f"{did}#controller", f"{did}#SolanaMethod2021"]
    types = ["Ed25519VerificationKey2018", "SolanaMethod2021"]
    assert did_document(did) == {
        "id": did,
        "verificationMethod": [{"id": i, "type": t, **shared} for i, t in zip(ids, types, strict=True)],
        "authentication": ids,
        "assertionMethod": ids,
    }


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8", "Ed25519PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"),
        ("tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq", "EcdsaSecp256k1RecoveryMethod2020"),
        ("tz3agP9LGe2cXmKQyYn6T68BHKjjktDbbSWX", "P256PublicKeyBLAKE2BDigestSize20Base58CheckEncoded2021"),
    ],
)
def test_an_old_tezos_account_names_its_kind_of_key(address: str, kind: str) -> None:
    found = methods(f"did:pkh:tz:{address}")
    assert [method["type"] for method in found] == [kind, "TezosMethod2021"]
    assert found[0]["blockchainAccountId"] == f"tezos:NetXdQprcVkpaWU:{address}"


@pytest.mark.parametrize("name", ["btc", "doge", "celo", "poly", "eth"])
def test_old_names_stand_for_chains(name: str) -> None:
    address = ETH if name in {"celo", "poly", "eth"} else "128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6"
    (method,) = methods(f"did:pkh:{name}:{address}")
    fragment = "Recovery2020" if address == ETH else "blockchainAccountId"
    assert method["id"] == f"did:pkh:{name}:{address}#{fragment}"
    assert method["blockchainAccountId"].endswith(f":{address}")


def test_a_stacks_account_has_the_form_of_a_bitcoin_account() -> None:
    (method,) = methods("did:pkh:stacks:1:SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1")
    assert method["type"] == "EcdsaSecp256k1RecoveryMethod2020"
    assert method["blockchainAccountId"] == "stacks:1:SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1"


@given(
    st.one_of(
        st.text(max_size=40),
        *(st.text(max_size=60).map(head.__add__) for head in ("did:", "did:key:z", "did:pkh:")),
    )
)
def test_any_text_has_a_document_or_is_refused(text: str) -> None:
    with suppress(IdentifierError):
        assert did_document(text)["id"]
