"""What holds for the rules of every profile."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.access import Stream
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.protocol.accounts import issuers
from tests.protocol.profiles.making import AT, SESSION, TERMS, granted, header, own, reason, under
from tests.support import strategies
from tests.support.accounts import checked
from tests.support.signing import Made, envelope

ALL: Final = list(Profile)
EXPECTED: Final[dict[str, tuple[Reason | None, ...]]] = {
    "eip191": (None, None, None),
    "solana:ed25519": (None, None, None),
    "tezos:ed25519": (None, None, Reason.CACAO_TYPE_UNSUPPORTED),
    "stacks:secp256k1": (None, None, Reason.CACAO_TYPE_UNSUPPORTED),
    "webauthn:p256": (None, None, None),
}


def test_every_profile_has_rules() -> None:
    assert list(ACCOUNT_RULES) == ALL


@pytest.mark.parametrize("profile", ALL)
@pytest.mark.parametrize("kind", EXPECTED)
def test_each_kind_of_account(kind: str, profile: Profile) -> None:
    issuer = issuers.ISSUERS[kind](1)
    # A passkey's signature over a statement is one that ceramic-one can't check.
    made = granted(issuer, issuer.grant(statement=None))
    assert reason(made, profile, issuer.did) is EXPECTED[kind][ALL.index(profile)]


@pytest.mark.parametrize("order", [ALL, ALL[::-1], [ALL[1], ALL[0], ALL[2]]])
def test_what_one_profile_remembers_says_nothing_to_another(order: list[Profile]) -> None:
    issuer = issuers.solana(1 + order.index(Profile.STRICT))
    made = granted(issuer, issuer.grant(header_type=f"eip4361-{len(order)}"))
    for _ in range(2):
        found = {profile: reason(made, profile, issuer.did) for profile in order}
        assert found == {
            Profile.STRICT: Reason.CACAO_TYPE_UNSUPPORTED,
            Profile.JS: None,
            Profile.CERAMIC_ONE: Reason.CACAO_TYPE_UNSUPPORTED,
        }


class Witness:
    """A port that tells whether contracts were asked."""

    def __init__(self) -> None:
        self.was_asked = False

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool | Finding:
        """Yes, always."""
        del chain_id, address, digest, signature
        self.was_asked = True
        return True


@pytest.mark.parametrize("profile", ALL)
def test_only_we_ask_contracts(profile: Profile) -> None:
    issuer, witness = issuers.ethereum(), Witness()
    made = granted(issuer, issuer.grant(signature_type="eip1271"))
    event = Verifier(contracts=witness, profile=profile).check(RawEvent(made.car, None, "test", 0))
    assert not isinstance(event, InvalidEvent)
    assert witness.was_asked == (profile is Profile.STRICT)


@pytest.mark.parametrize("profile", ALL)
def test_a_grant_travels_with_its_flaw(profile: Profile) -> None:
    issuer = issuers.ethereum()
    event = checked(granted(issuer, issuer.grant(audience="did:key:zOther")).car, profile)
    assert not isinstance(event, InvalidEvent)
    if event.grant is not None:
        assert Grant.from_bytes(event.grant.to_bytes()) == event.grant


# Hostile input: whatever comes in, findings or values come out.


def judge(made: Made, profile: Profile, controller: str) -> None:
    event = checked(made.car, profile)
    if isinstance(event, InvalidEvent):
        assert event.reason.outcome is Outcome.REJECTED
        return
    assert (event.signer or "").encode("utf-8") is not None
    if event.grant is not None:
        assert Grant.from_bytes(event.grant.to_bytes()) == event.grant
    stream = Stream(controller, "k123", None)
    rules = ACCOUNT_RULES[profile]
    found = rules.may_write(event, rules.stream_of(stream, event.payload), AT, TERMS)
    assert found is None or found.reason.outcome is Outcome.REJECTED


_KIDS: Final = [
    SESSION.did,
    f"{SESSION.did}#x",
    f"{SESSION.did}?a=b",
    f"{SESSION.did};a=b/c?d#e",
    issuers.ethereum().did,
    issuers.solana().did,
    issuers.tezos().did,
    "did:pkh:bip122:000000000019d6689c085ae165831e93:1",
    "did:pkh:bip122:000000000019d6689c085ae165831e93:0OIl",
    "did:key:z",
    "did:key:u7QEx",
    "\ud800",
    "",
]
_ALGS: Final = [
    "EdDSA",
    "Ed25519",
    "ES256",
    "ES256K",
    "ES256K-R",
    "EdBlake2b",
    "ESBlake2bK",
    "none",
    "",
    "\udfff",
]
_CAPS: Final = [
    "ipfs://",
    "ipfs://bafy",
    str(Cid.of(b"")),
    f"ipfs://{Cid.of(b'')}",
    "ipfs://Qm",
    "x" * 2000,
    "",
]
_HEADERS: Final = st.dictionaries(
    st.sampled_from(["alg", "kid", "cap", "crit", "b64", "typ", "x5c", "jwk", "__proto__"]),
    st.one_of(st.sampled_from([*_KIDS, *_ALGS, *_CAPS]), strategies.json),
)


def _spoil(data: bytes, position: int, replacement: bytes) -> bytes:
    position %= len(data) + 1
    return data[:position] + replacement + data[position + len(replacement) :]


@pytest.mark.parametrize("profile", ALL)
@given(members=_HEADERS, signature=st.binary(max_size=66))
def test_any_members_of_a_header(profile: Profile, members: dict[str, Any], signature: bytes) -> None:
    head = json.dumps({"alg": SESSION.alg, "kid": SESSION.did} | members).encode()
    judge(own(head), profile, SESSION.did)
    payload = dagcbor.encode({"header": {"controllers": [SESSION.did]}})
    signed = {"protected": head, "signature": signature}
    judge(envelope(signed, Cid.of(payload), payload), profile, SESSION.did)


@pytest.mark.parametrize("profile", ALL)
@given(position=st.integers(0, 300), replacement=st.binary(max_size=4))
def test_any_bytes_in_a_header(profile: Profile, position: int, replacement: bytes) -> None:
    judge(own(_spoil(header(cap=f"ipfs://{Cid.of(b'')}"), position, replacement)), profile, SESSION.did)
    judge(own(_spoil(header(), position, replacement)), profile, SESSION.did)


@pytest.mark.parametrize("profile", ALL)
@given(
    value=st.one_of(
        strategies.ipld,
        st.fixed_dictionaries(
            {"payload": st.one_of(st.just(bytes(Cid.of(b""))), strategies.ipld)},
            optional={
                "signatures": st.lists(
                    st.one_of(
                        strategies.ipld,
                        st.dictionaries(
                            st.sampled_from(["protected", "signature", "header"]),
                            st.one_of(st.just(b"{}"), strategies.ipld),
                        ),
                    ),
                    max_size=2,
                ),
                "link": strategies.ipld,
            },
        ),
    )
)
def test_any_value_as_an_envelope(profile: Profile, value: Any) -> None:
    root = dagcbor.encode(value)
    with suppress(DecodeError):
        ACCOUNT_RULES[profile].decode_envelope(root)
    judge(Made(Cid.of(root, DAG_JOSE), ((Cid.of(root, DAG_JOSE), root),)), profile, SESSION.did)


_PAYLOAD: Final = ("aud", "iss", "iat", "nbf", "exp", "nonce", "domain", "version", "statement", "resources")
_TIMES: Final = [
    "never",
    "2024-06-01",
    "1717200000",
    "+275760-09-13T00:00:00Z",
    "9" * 30,
    "0000-01-01T00:00:00Z",
]
_DIDS: Final = [
    "did:pkh:eip155:1:0x",
    "did:pkh:a:b:c:d",
    "did:key:z",
    "::",
    issuers.solana().did,
    "did:pkh:" * 99,
]
_SIGNATURES: Final = [
    "",
    "0x",
    "00" * 65,
    "ff" * 65,
    "1" * 88,
    "edsig" + "1" * 94 + "edpk",
    "é" * 70,
    "_" * 90,
]


def _changed(cacao: Cacao) -> st.SearchStrategy[dict[str, Any]]:
    members: dict[str, Any] = cacao.members
    text = st.sampled_from([*_TIMES, *_DIDS, *_SIGNATURES])
    odd = st.one_of(text, strategies.ipld, st.lists(st.one_of(text, strategies.scalars), max_size=3))
    payload = st.dictionaries(st.sampled_from(_PAYLOAD), odd, max_size=3)
    kinds = st.sampled_from([*issuers.ISSUERS, "eip1271", "jws"])
    signature = st.fixed_dictionaries({}, optional={"t": kinds, "s": odd, "m": odd})
    return st.builds(
        lambda p, s, whole: members | {"p": members["p"] | p, "s": members["s"] | s} | whole,
        payload,
        signature,
        st.dictionaries(st.sampled_from(["h", "p", "s", "x"]), strategies.ipld, max_size=1),
    )


@pytest.mark.parametrize("profile", ALL)
@given(
    value=st.one_of(
        strategies.ipld,
        st.sampled_from([make(1) for make in issuers.ISSUERS.values()]).flatmap(
            lambda issuer: _changed(issuer.grant())
        ),
    ),
    controller=st.sampled_from([SESSION.did, *(make(1).did for make in issuers.ISSUERS.values())]),
)
def test_any_value_as_a_capability(profile: Profile, value: Any, controller: str) -> None:
    judge(under(dagcbor.encode(value), controller), profile, controller)
