"""Capabilities as js-did takes them where the vectors say nothing: the answers are those of dids 5.0.3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.eip191 import personal_hash
from ceramic_protocol.accounts.siwx import Network
from ceramic_protocol.accounts.tezos import tezos_hash
from ceramic_protocol.accounts.webauthn import challenge_of
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.profiles.js_capability import look_at_js
from ceramic_protocol.profiles.js_time import parse_date
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules
from tests.protocol.accounts import issuers
from tests.protocol.profiles.making import AT, SESSION, block, granted, header, own, reason, under, without
from tests.support.accounts import checked
from tests.support.judging import CONTEXT
from tests.support.signing import Made

JS: Final = Profile.JS
DID: Final = SESSION.did
WALLET: Final = issuers.ethereum()


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def shown(members: dict[str, Any], *, counted_in_bytes: bool = False) -> bytes:
    """The block of a capability that js-did takes for signed by the wallet."""
    payload: dict[str, Any] = WALLET.unsigned().members["p"] | members  # type: ignore[operator]
    return sign_shown(payload, counted_in_bytes=counted_in_bytes)


_OPTIONAL: Final = {
    "statement": "statement",
    "exp": "expires_at",
    "nbf": "not_before",
    "requestId": "request_id",
}


def sign_shown(payload: dict[str, Any], *, counted_in_bytes: bool = False) -> bytes:
    resources = payload.get("resources")
    optional = {name: text_of(payload[key]) if payload.get(key) else None for key, name in _OPTIONAL.items()}
    required = {
        name: text_of(payload[key]) if key in payload else "undefined"
        for key, name in {
            "domain": "domain",
            "version": "version",
            "nonce": "nonce",
            "iat": "issued_at",
        }.items()
    }
    listed = tuple(resources) if isinstance(resources, list) else None
    cacao = WALLET.unsigned(**(optional | required | {"resources": listed}))
    text = issuers.text_of(cacao, Network.ETHEREUM)
    digest = personal_hash(text, None if counted_in_bytes else utf16(text))
    signed = PrivateKey((1).to_bytes(32, "big")).sign_recoverable(digest, hasher=None).hex()
    return dagcbor.encode({"h": {}, "p": payload, "s": {"t": "eip191", "s": signed}})


def text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


GOOD: Final[Mapping[str, dict[str, Any]]] = {
    "as usual": {},
    "a statement beyond ASCII": {"statement": "żółć 😀"},
    "an end that is none": {"exp": "never"},
    "an end in unix seconds": {"exp": 1_717_800_000},
    "an end of null": {"exp": None},
    "an end of false": {"exp": False},
    "an end of true": {"exp": True},
    "an end without a time": {"exp": "2024-06-04"},
    "a beginning that is none": {"nbf": "never"},
    "a beginning in unix seconds, far off": {"nbf": 9_999_999_999},
    "issued in unix seconds": {"iat": 9_999_999_999},
    "a number as request": {"requestId": 5},
    "zero as request": {"requestId": 0},
    "a number as version": {"version": 1},
    "null as domain": {"domain": None},
    "true as nonce": {"nonce": True},
}


@pytest.mark.parametrize("name", GOOD)
def test_what_javascript_shows(name: str) -> None:
    made = under(shown(GOOD[name]), WALLET.did)
    assert reason(made, JS, WALLET.did) is None
    if name not in {"as usual", "an end without a time"}:
        assert reason(made, Profile.STRICT, WALLET.did) is not None


def test_what_isn_t_there_is_undefined() -> None:
    payload: Any = WALLET.unsigned().members["p"]
    for name in ("domain", "version"):
        assert reason(under(sign_shown(without(payload, name)), WALLET.did), JS, WALLET.did) is None
    for name in ("nonce", "iat"):
        found = reason(under(sign_shown(without(payload, name)), WALLET.did), JS, WALLET.did)
        assert found is Reason.CACAO_MALFORMED
    found = reason(under(sign_shown(without(payload, "resources")), WALLET.did), JS, WALLET.did)
    assert found is Reason.CACAO_MODEL_NOT_COVERED


def test_lengths_are_counted_in_utf_16() -> None:
    block_of_bytes = shown({"statement": "żółć 😀"}, counted_in_bytes=True)
    assert reason(under(block_of_bytes, WALLET.did), JS, WALLET.did) is Reason.CACAO_SIGNATURE_INVALID
    tezos = issuers.tezos()
    unsigned = tezos.unsigned(statement="żółć 😀")
    text = issuers.text_of(unsigned, Network.TEZOS)
    key = SigningKey((1).to_bytes(32, "big"))
    signed = replace(unsigned, signature=issuers.tezos_signature(tezos_hash(text, utf16(text)), key))
    assert reason(granted(tezos, signed), JS, tezos.did) is None
    assert reason(granted(tezos, tezos.sign(unsigned)), JS, tezos.did) is Reason.CACAO_SIGNATURE_INVALID


BAD: Final[Mapping[str, tuple[dict[str, Any], Reason]]] = {
    "expired": ({"exp": "2024-06-02"}, Reason.CACAO_EXPIRED),
    "not yet": ({"nbf": "2025-01-01"}, Reason.CACAO_NOT_YET_VALID),
    "no list": ({"resources": "ceramic://*"}, Reason.CACAO_MALFORMED),
    "null instead of a list": ({"resources": None}, Reason.CACAO_MODEL_NOT_COVERED),
    "a space too many": ({"resources": ["ceramic://* "]}, Reason.CACAO_MODEL_NOT_COVERED),
}


@pytest.mark.parametrize("name", BAD)
def test_what_js_ceramic_refuses(name: str) -> None:
    members, expected = BAD[name]
    assert reason(under(shown(members), WALLET.did), JS, WALLET.did) is expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"resources": ["ceramic://*", 5]}, Reason.CACAO_MALFORMED),
        ({"domain": 1.5}, Reason.CACAO_MALFORMED),
        ({"statement": ["x"]}, Reason.CACAO_MALFORMED),
        ({"nonce": "", "iat": ""}, Reason.CACAO_MALFORMED),
        ({"aud": None}, Reason.CACAO_AUD_MISMATCH),
        ({"aud": 5}, Reason.CACAO_AUD_MISMATCH),
        ({"iss": None}, Reason.CACAO_ISS_MISMATCH),
    ],
)
def test_members_of_other_kinds(members: dict[str, Any], expected: Reason) -> None:
    assert reason(under(block(WALLET.grant(), **members), WALLET.did), JS, WALLET.did) is expected


@pytest.mark.parametrize(
    "value",
    [[], "x", {}, {"p": None}, {"p": []}, {"p": {"resources": 5}}],
)
def test_what_js_ceramic_stumbles_over_whoever_signed(value: Any) -> None:
    assert reason(under(dagcbor.encode(value), DID), JS, DID) is Reason.CACAO_MALFORMED


FORGIVEN: Final = [
    {"p": {"resources": ["ceramic://*"], "exp": [1]}},
    {"p": {"resources": ["ceramic://*"]}},
    {"p": {"resources": ["ceramic://*"], "exp": "2000-01-01"}, "s": {"t": "eip191", "s": "00"}},
    WALLET.grant(audience="did:key:zOther").members,
    replace(WALLET.grant(), signature="").members,
]


@pytest.mark.parametrize("value", FORGIVEN)
def test_only_resources_count_where_the_signer_is_the_controller(value: Any) -> None:
    assert reason(under(dagcbor.encode(value), DID), JS, DID) is None
    assert reason(under(dagcbor.encode(value), WALLET.did), JS, WALLET.did) is not None


def test_neither_header_nor_namespace_counts() -> None:
    did = WALLET.did.replace("eip155:1", "foo:1")
    assert reason(granted(replace(WALLET, did=did)), JS, did) is None
    assert reason(granted(WALLET, WALLET.grant(header_type="foo")), JS, WALLET.did) is None
    other = WALLET.grant(signature_type="foo")
    assert reason(granted(WALLET, other), JS, WALLET.did) is Reason.CACAO_TYPE_UNSUPPORTED


@pytest.mark.parametrize(
    ("change", "is_good"),
    [
        (lambda text: text + "00", True),
        (lambda text: text.removeprefix("0x").upper(), True),
        (lambda text: "0X" + text[2:], False),
        (lambda text: text + "0", False),
        (lambda text: text + "zz", False),
        (lambda text: text[:-2], False),
        (lambda text: text[:-2] + f"{int(text[-2:], 16) - 27:02x}", True),
    ],
)
def test_signatures_of_ethereum(change: Any, is_good: bool) -> None:
    cacao = WALLET.grant()
    made = granted(WALLET, replace(cacao, signature=change(cacao.signature)))
    assert reason(made, JS, WALLET.did) is (None if is_good else Reason.CACAO_SIGNATURE_INVALID)


def test_the_last_moment_of_the_legacy_text() -> None:
    for issued, expected in {
        "2022-09-20": None,
        "2022-09-20T00:00:00.000Z": None,
        "2022-09-20T00:00:00.001Z": Reason.CACAO_SIGNATURE_INVALID,
    }.items():
        unsigned = WALLET.unsigned(issued_at=issued, expires_at=None, resources=("ceramic://*",))
        text = legacy_text(unsigned)
        signed = replace(unsigned, signature=issuers.personal_signature(text))
        assert reason(granted(WALLET, signed), JS, WALLET.did) is expected


def legacy_text(cacao: Cacao) -> str:
    text = issuers.text_of(cacao, Network.ETHEREUM)
    return text.replace("Chain ID: 1\n", "").replace("\nResources:", "\nChain ID: 1\nResources:")


def test_tezos_without_checksums() -> None:
    tezos = issuers.tezos()
    cacao = tezos.grant()
    signature, key = cacao.signature[:99], cacao.signature[99:]
    for changed in (other_end(signature) + key, signature + other_end(key)):
        assert reason(granted(tezos, replace(cacao, signature=changed)), JS, tezos.did) is None
    for changed in (
        "sig" + cacao.signature[3:],
        cacao.signature + "1" * 40,
        cacao.signature.replace("p", "0"),
    ):
        found = reason(granted(tezos, replace(cacao, signature=changed)), JS, tezos.did)
        assert found is Reason.CACAO_SIGNATURE_INVALID


def other_end(text: str) -> str:
    return text[:-1] + ("2" if text[-1] == "1" else "1")


def test_stacks_knows_one_network() -> None:
    found = {
        (version, reference): reason(granted(issuer), JS, issuer.did)
        for version in (22, 26)
        for reference in (issuers.STACKS_MAINNET, issuers.STACKS_TESTNET)
        for issuer in [issuers.stacks(version=version, reference=reference)]
    }
    invalid = Reason.CACAO_SIGNATURE_INVALID
    assert found == {
        (22, "1"): None,
        (22, "2147483648"): None,
        (26, "1"): invalid,
        (26, "2147483648"): invalid,
    }


# Passkeys.

PASSKEY: Final = issuers.passkey()


def client(*members: str) -> bytes:
    return ("{" + ",".join(members) + "}").encode()


def test_what_a_browser_may_say() -> None:
    unsigned = PASSKEY.unsigned()
    text = multibase.encode_base64url(challenge_of(unsigned))
    asked, kind = f'"challenge":"{text}"', '"type":"webauthn.get"'
    said = {
        client(kind, asked): True,
        client('"type":"x"', kind, asked): True,
        client(kind, asked, '"challenge":"x"'): False,
        client(kind, f'"challenge":"{text}=="'): True,
        client('"type":"webauthn.create"', asked): False,
        client(kind, '"challenge":5'): False,
        client(kind): False,
        b"[]": False,
        b"null": False,
        b"x": False,
        b'{"x":' + b"[" * 9000: False,
        client(kind, asked, f'"x":"{"x" * 5000}"'): False,
    }
    for data, is_good in said.items():
        made = granted(PASSKEY, issuers.passkey_signature(unsigned, client=data))
        assert reason(made, JS, PASSKEY.did) is (None if is_good else Reason.CACAO_SIGNATURE_INVALID), data[
            :80
        ]


def test_a_passkey_signs_members_that_nobody_knows() -> None:
    made = granted(PASSKEY, PASSKEY.grant(unknown={"p": {"x": 1}, "": {"y": [2]}}))
    assert reason(made, JS, PASSKEY.did) is None
    assert reason(made, Profile.CERAMIC_ONE, PASSKEY.did) is Reason.CACAO_MALFORMED


def test_a_capability_without_its_passkey() -> None:
    for cacao in (replace(PASSKEY.grant(), metadata=None), replace(PASSKEY.grant(), signature="")):
        assert reason(granted(PASSKEY, cacao), JS, PASSKEY.did) is Reason.CACAO_SIGNATURE_INVALID


def test_an_expired_passkey_signs_but_a_log_with_it_is_not_read_again() -> None:
    made = granted(PASSKEY, PASSKEY.grant(expires_at="2024-06-02T00:00:00Z"))
    assert reason(made, JS, PASSKEY.did) is None
    event = checked(made.car, JS)
    assert not isinstance(event, InvalidEvent)
    judged = evaluate(made.cid, EventSet.of([event]), Rules(AT, grace=0, profile=JS), CONTEXT).judged
    assert judged[made.cid].reason is Reason.CACAO_EXPIRED


def test_the_later_beginning_counts() -> None:
    seen = look_at_js(WALLET.grant(not_before="2024-06-02T00:00:00Z").encode())
    assert seen.grant is not None
    assert seen.grant.not_before == parse_date("2024-06-02")
    assert seen.grant.expires == parse_date("2024-06-08")


def test_a_capability_of_another_codec_is_none() -> None:
    capability = WALLET.grant().encode()
    cid = Cid.of(capability, DAG_JOSE)
    made = own(header(cap=f"ipfs://{cid}"), controller=WALLET.did)
    with_block = Made(made.cid, ((cid, capability), *made.blocks))
    assert reason(with_block, JS, WALLET.did) is Reason.CACAO_MALFORMED
    assert reason(with_block, Profile.CERAMIC_ONE, WALLET.did) is None
