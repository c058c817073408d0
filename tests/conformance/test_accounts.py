"""Signed events of the accounts vectors: what both reference verifiers said of them, and what we should say.

Each profile has a column: `strict` what the notes recommend, the others what their reference said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pytest

from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Finding, Reason
from tests.support import vectors
from tests.support.accounts import Case, checked, judge, may_write, unbase64

OFFICIAL: Final = "accounts_official.json"


def _cases(place: str, *files: str) -> dict[str, Case]:
    found = [(place, name) for name in files if name in vectors.names(place)]
    loaded = [getattr(vectors, place)(name)["cases"] for place, name in found]
    return vectors.by_name((case["name"], case) for cases in loaded for case in cases)


OWN: Final = _cases("accounts", "jws.json", "cacao.json", "negative.json")
THEIRS: Final = _cases("reference", OFFICIAL)
CASES: Final = OWN | THEIRS


def said(case: Case, profile: Profile) -> bool | None:
    """What a profile's column says: whether the event is accepted; None if nobody was asked."""
    if profile is Profile.STRICT:
        return bool(case["recommended"] == "accept")
    verdict: bool | None = case["verdict"]["js" if profile is Profile.JS else "rust"]
    return verdict


ASKED: Final = [
    (profile, name) for profile in Profile for name in CASES if said(CASES[name], profile) is not None
]

_OPTION: Final = (
    "the reference was handed the capability as an option: an event has none but what its header names"
)
_HASHES: Final = (
    "blocks are hashed as they come, whoever is asked: this one has a member too many for its CID, which"
    " ceramic-one drops before it hashes and js-did, which hashes nothing, doesn't mind"
)
NOT_REPRODUCED: Final[Mapping[tuple[Profile, str], str]] = {
    (Profile.JS, "no cap header, CACAO block merely present in the CAR"): _OPTION,
    (Profile.JS, "rust GITCOIN_INIT_EVENT_CAR as stored in the rust test"): _HASHES,
    (Profile.CERAMIC_ONE, "rust GITCOIN_INIT_EVENT_CAR as stored in the rust test"): _HASHES,
}
"""What an event alone doesn't show, and why."""


@pytest.mark.parametrize(("profile", "name"), ASKED, ids=[f"{profile}: {name}" for profile, name in ASKED])
def test_the_verdict(profile: Profile, name: str) -> None:
    found = judge(CASES[name], profile)
    is_same = (found is None) == said(CASES[name], profile)
    assert is_same == ((profile, name) not in NOT_REPRODUCED), found


# In the references' own archives the controller is the session's key, with which js-did looks at no
# capability. It was asked once more with the account as the controller, without js-ceramic's resources.
AS_ISSUER: Final = [name for name in THEIRS if CASES[name]["verdict"].get("jsWithCacaoIssuer") is not None]


@pytest.mark.parametrize("name", AS_ISSUER)
def test_js_did_with_the_account_as_controller(name: str) -> None:
    case = CASES[name]
    event = checked(unbase64(case["event"]["carB64"]), Profile.JS)
    assert not isinstance(event, InvalidEvent)
    found = None if event.reason is None else Finding(event.reason, "")
    if event.grant is not None:
        grant = event.grant._replace(resources=("ceramic://*",))
        found = may_write(case, event._replace(grant=grant), grant.issuer, Profile.JS)
    assert (found is None) == case["verdict"]["jsWithCacaoIssuer"], found


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_how_many() -> None:
    columns = Counter((profile.value, name in OWN) for profile, name in ASKED)
    own = {profile: number for (profile, is_own), number in columns.items() if is_own}
    theirs = {profile: number for (profile, is_own), number in columns.items() if not is_own}
    assert len(OWN) == 148
    # Of the three payloads that are no events, ceramic-one said nothing.
    assert own == {"strict": 148, "js": 148, "ceramic-one": 145}
    if THEIRS:
        assert theirs == {"strict": 55, "js": 55, "ceramic-one": 55}
        assert len(AS_ISSUER) == 42


# Why we refuse, case by case.

NOT_COVERED: Final = Reason.CACAO_MODEL_NOT_COVERED
HEADERS: Final = {
    "header alg Ed25519 (did-jwt alias)": Reason.ALG_KEY_MISMATCH,
    "did:pkh:eip155 key signing a JWS directly (ES256K)": Reason.UNSUPPORTED_DID,
    "did:pkh:solana key signing a JWS directly (EdDSA)": Reason.UNSUPPORTED_DID,
    "ed25519 small-order public key (identity), sig = (identity, 0)": Reason.SIGNATURE_INVALID,
    "ed25519 small-order public key order 8, sig = (identity, 0)": Reason.SIGNATURE_INVALID,
    "ed25519 small-order public key order 8 (2nd), sig = (identity, 0)": Reason.SIGNATURE_INVALID,
    "duplicate kid member in header (other key first)": Reason.JWS_MALFORMED,
    "p256 ES256 DER signature": Reason.SIGNATURE_INVALID,
    "ed25519 malleated signature S + L": Reason.SIGNATURE_INVALID,
    "ed25519_a: last signature byte flipped": Reason.SIGNATURE_INVALID,
    "ed25519_a: signature truncated to 63 bytes": Reason.SIGNATURE_INVALID,
    "ed25519_a: signature with 1 extra byte": Reason.SIGNATURE_INVALID,
    "ed25519_a: all-zero signature": Reason.SIGNATURE_INVALID,
    "secp256k1_a: last signature byte flipped": Reason.SIGNATURE_INVALID,
    "secp256k1_a: signature with 1 extra byte": Reason.SIGNATURE_INVALID,
    "secp256k1_a: all-zero signature": Reason.SIGNATURE_INVALID,
    "p256_a: signature truncated to 63 bytes": Reason.SIGNATURE_INVALID,
    "p256_a: all-zero signature": Reason.SIGNATURE_INVALID,
    "empty signature": Reason.SIGNATURE_INVALID,
    "no signatures": Reason.SIGNATURES_EMPTY,
    "payload block bytes do not hash to the payload CID": Reason.BLOCK_HASH_MISMATCH,
    "envelope payload is not a CID (json bytes)": Reason.EVENT_MALFORMED,
    "kid of another did:key (signed by ed25519_a)": Reason.SIGNATURE_INVALID,
    "controller is another did:key, no capability": Reason.SIGNER_NOT_CONTROLLER,
    "controller is did:pkh, no capability": Reason.SIGNER_NOT_CONTROLLER,
    "no kid": Reason.KID_MISSING,
    "kid is not a DID": Reason.UNSUPPORTED_DID,
    "kid did:web": Reason.UNSUPPORTED_DID,
    "no alg": Reason.ALG_KEY_MISMATCH,
    "protected header is a JSON array": Reason.JWS_MALFORMED,
    "kid P-384 did:key with ES384": Reason.UNSUPPORTED_DID,
} | {
    f"wrong alg {alg} on {key} key (signature is a correct {right} signature)": Reason.ALG_KEY_MISMATCH
    for key, right, algs in (
        (
            "ed25519",
            "Ed25519",
            ("ES256", "ES256K", "ES256K-R", "ES384", "none", "RS256", "EdBlake2b", "eddsa"),
        ),
        ("secp256k1", "ES256K", ("EdDSA", "ES256")),
        ("p256", "ES256", ("EdDSA",)),
    )
    for alg in algs
}
CAPABILITIES: Final = {
    "header eip4361 but solana signature / init": Reason.CACAO_TYPE_UNSUPPORTED,
    'header type unknown "foo" / init': Reason.CACAO_TYPE_UNSUPPORTED,
    "resource ceramic://<streamid from init payload CID> (signed init) / data": NOT_COVERED,
    "time: iat - 5 min - 1 s / init": Reason.CACAO_NOT_YET_VALID,
    "time: exp + 5 min + 1 s / init": Reason.CACAO_EXPIRED,
    "time: exp + 24 h + 5 min + 1 s, phase 86400 / init": Reason.CACAO_EXPIRED,
    "time: before iat, checkExp=false / init": Reason.CACAO_NOT_YET_VALID,
    "time: webauthn long expired / init": Reason.CACAO_EXPIRED,
    "time: webauthn before iat / init": Reason.CACAO_NOT_YET_VALID,
    "time: iat/exp as decimal unix strings, properly signed / init": Reason.CACAO_MALFORMED,
    "eip155:1 legacy message order but iat after 2022-09-20 / init": Reason.CACAO_SIGNATURE_INVALID,
    "resources = [] / init": NOT_COVERED,
    "resources missing / init": NOT_COVERED,
    "resource of another model / data": NOT_COVERED,
    'resource "ceramic://* " with trailing space / init': NOT_COVERED,
    "model resource with extra query / init": NOT_COVERED,
    "cacao expired / init": Reason.CACAO_EXPIRED,
    "cacao not valid yet (iat in future) / init": Reason.CACAO_NOT_YET_VALID,
    "aud is another did:key / init": Reason.CACAO_AUD_MISMATCH,
    "aud has a fragment (did:key..#..) / init": Reason.CACAO_AUD_MISMATCH,
    "aud is another did:key (solana) / init": Reason.CACAO_AUD_MISMATCH,
    "issuer is another account than the controller / init": Reason.CACAO_ISS_MISMATCH,
    "controller is an unrelated did:key / init": Reason.CACAO_ISS_MISMATCH,
    "eip191 r byte flipped / init": Reason.CACAO_SIGNATURE_INVALID,
    "eip191 wrong v / init": Reason.CACAO_SIGNATURE_INVALID,
    "eip191 v = 2 / init": Reason.CACAO_SIGNATURE_INVALID,
    "eip191 signature 64 bytes / init": Reason.CACAO_SIGNATURE_INVALID,
    "resources widened after signing / init": Reason.CACAO_SIGNATURE_INVALID,
    "exp extended after signing / init": Reason.CACAO_SIGNATURE_INVALID,
    "nonce changed / init": Reason.CACAO_SIGNATURE_INVALID,
    "aud replaced after signing (attacker session key) / init": Reason.CACAO_SIGNATURE_INVALID,
    "iss replaced with another account / init": Reason.CACAO_SIGNATURE_INVALID,
    "chain id changed 1 -> 137 / init": Reason.CACAO_SIGNATURE_INVALID,
    "cacao without s / init": Reason.CACAO_MALFORMED,
    "cacao with empty s.s / init": Reason.CACAO_SIGNATURE_INVALID,
    "signature type eip1271 / init": Reason.CACAO_CONTRACT_UNKNOWN,
    "iat missing / init": Reason.CACAO_MALFORMED,
    "iss is a did:key with eip191 / init": Reason.CACAO_TYPE_UNSUPPORTED,
    "solana signature flipped / init": Reason.CACAO_SIGNATURE_INVALID,
    "solana signed by another key / init": Reason.CACAO_SIGNATURE_INVALID,
    "solana signature base64 instead of base58 / init": Reason.CACAO_SIGNATURE_INVALID,
    "solana chain reference changed / init": Reason.CACAO_SIGNATURE_INVALID,
    "tezos wrong public key suffix / init": Reason.CACAO_SIGNATURE_INVALID,
    'tezos generic "sig" prefix (96 chars) / init': Reason.CACAO_SIGNATURE_INVALID,
    "stacks statement changed / init": Reason.CACAO_SIGNATURE_INVALID,
    "webauthn iss is another P-256 did:key / init": Reason.CACAO_SIGNATURE_INVALID,
    "webauthn statement added after signing / init": Reason.CACAO_SIGNATURE_INVALID,
    "cap block missing from the CAR": Reason.BLOCK_MISSING,
    "no cap header, CACAO block merely present in the CAR": Reason.SIGNER_NOT_CONTROLLER,
    "event signed by a key that is not the CACAO audience": Reason.CACAO_AUD_MISMATCH,
    "cap header without ipfs:// scheme": Reason.JWS_MALFORMED,
}
ARCHIVES: Final = {
    f"{archive}: {event}": reason
    for archive in ("key-ed25519", "key-ecdsa-p256", "pkh-ethereum", "pkh-solana", "pkh-webauthn")
    for event, reason in {
        "invalidDataEventSignature": Reason.SIGNATURE_INVALID,
        "invalidInitEventSignature": Reason.SIGNATURE_INVALID,
    }.items()
} | {
    f"{archive}: {event}": reason
    for archive in ("pkh-ethereum", "pkh-solana", "pkh-webauthn")
    for event, reason in {
        "expiredDataEventCapability": Reason.CACAO_EXPIRED,
        "expiredInitEventCapability": Reason.CACAO_EXPIRED,
        "invalidDataEventCapabilitySignature": Reason.CACAO_SIGNATURE_INVALID,
        "invalidInitEventCapabilitySignature": Reason.CACAO_SIGNATURE_INVALID,
        "invalidDataEventCapabilityNoResource": NOT_COVERED,
        "invalidInitEventCapabilityNoResource": NOT_COVERED,
        "invalidDataEventCapabilityOtherModel": NOT_COVERED,
        "invalidInitEventCapabilityOtherModel": NOT_COVERED,
    }.items()
}
OTHERS: Final = {"rust GITCOIN_INIT_EVENT_CAR as stored in the rust test": Reason.BLOCK_HASH_MISMATCH}
REASONS: Final[Mapping[str, Reason]] = HEADERS | CAPABILITIES | ARCHIVES | OTHERS
REFUSED: Final = [name for name in CASES if CASES[name]["recommended"] == "reject"]


@pytest.mark.parametrize("name", [name for name in REFUSED if name in REASONS])
def test_the_reason(name: str) -> None:
    found = judge(CASES[name], Profile.STRICT)
    assert found is not None
    assert found.reason is REASONS[name], found


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_every_refused_case_has_its_reason() -> None:
    known = HEADERS | CAPABILITIES if not THEIRS else REASONS
    assert set(REFUSED) == set(known)


# Why the references refuse: our codes beside their words.

_ANY_TIME: Final = {
    "CACAO has expired": {Reason.CACAO_EXPIRED},
    "not valid yet": {Reason.CACAO_NOT_YET_VALID},
}
_UNSIGNED: Final = {Reason.SIGNATURE_INVALID, Reason.ALG_KEY_MISMATCH}
_FOREIGN: Final = {Reason.SIGNER_NOT_CONTROLLER, Reason.CACAO_ISS_MISMATCH, Reason.CACAO_AUD_MISMATCH}
WORDS: Final[Mapping[Profile, Mapping[str, set[Reason]]]] = {
    Profile.JS: {
        **_ANY_TIME,
        'No "kid" found': {Reason.KID_MISSING},
        r"Failed to resolve did:pkh:solana:.*versionTime": {Reason.CACAO_AUD_MISMATCH},
        "Failed to resolve": {Reason.UNSUPPORTED_DID},
        "not_supported": {Reason.ALG_KEY_MISMATCH},
        "does not have a signature": {Reason.CACAO_MALFORMED},
        "Unsupported CACAO signature type": {Reason.CACAO_TYPE_UNSUPPORTED},
        "appropriate permissions|reading 'includes'": {NOT_COVERED},
        "reading 'protected'": {Reason.SIGNATURES_EMPTY},
        "not a valid verificationMethod": _FOREIGN | {Reason.BLOCK_MISSING},
        "Missing linked block CID": {Reason.EVENT_MALFORMED},
        "CID hash does not match bytes": {Reason.BLOCK_HASH_MISMATCH},
        "does not belong|recovery id invalid|InvalidMessage|MessageMismatch|Non-base58btc|Tezos Signature": {
            # js-did makes up the time of signing where there is none.
            *(Reason.CACAO_SIGNATURE_INVALID, Reason.CACAO_MALFORMED),
        },
        "invalid_signature|Incorrect format JWS|signature length|expected 64 bytes, got [0-9]|r must be": {
            *(*_UNSIGNED, Reason.CACAO_SIGNATURE_INVALID),
        },
        "Cannot find square root": {Reason.ALG_KEY_MISMATCH, Reason.CACAO_SIGNATURE_INVALID},
    },
    Profile.CERAMIC_ONE: {
        **_ANY_TIME,
        "missing jws kid": {Reason.KID_MISSING},
        "unknown DID method|Failed to get jwk|P-384 not supported": {Reason.UNSUPPORTED_DID},
        "not jws: unknown variant|Unsupported algorithm|Curve not implemented": {Reason.ALG_KEY_MISMATCH},
        "signature is not jws": {Reason.JWS_MALFORMED},
        "unknown variant|unimplemented": {Reason.CACAO_TYPE_UNSUPPORTED},
        "decoding capability": {Reason.CACAO_MALFORMED},
        "appropriate permissions|missing resources": {NOT_COVERED},
        "was not granted permission": {Reason.CACAO_AUD_MISMATCH},
        "not in controllers list": {Reason.SIGNER_NOT_CONTROLLER, Reason.CACAO_ISS_MISMATCH},
        "missing block for capability": {Reason.BLOCK_MISSING},
        "should have a link": {Reason.EVENT_MALFORMED},
        "cid did not match blob": {Reason.BLOCK_HASH_MISMATCH, Reason.CACAO_MALFORMED},
        "failed to verify jws": {Reason.SIGNATURE_INVALID},
        "does not belong|signature error|failed to decode signature": {Reason.CACAO_SIGNATURE_INVALID},
        "panicked": {Reason.SIGNATURES_EMPTY},
    },
}
REFERENCES: Final = [
    (profile, name) for profile, name in ASKED if profile in WORDS and not said(CASES[name], profile)
]


def words(answers: Mapping[str, Any]) -> str:
    """All that a reference complained about."""
    errors = [answer.get("error", "") for answer in answers.values() if isinstance(answer, dict)]
    return " | ".join([*errors, str(answers.get("panic", ""))])


@pytest.mark.parametrize(
    ("profile", "name"), REFERENCES, ids=[f"{profile}: {name}" for profile, name in REFERENCES]
)
def test_the_references_cause(profile: Profile, name: str) -> None:
    found = judge(CASES[name], profile)
    assert found is not None
    complaint = words(CASES[name]["js" if profile is Profile.JS else "rust"])
    fitting = next(reasons for pattern, reasons in WORDS[profile].items() if re.search(pattern, complaint))
    assert found.reason in fitting, (found, complaint)
