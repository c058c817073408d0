"""Signed events, and what the references' verifiers say of signature and controller.

Four sources: crafted events that ceramic-one verified, the references' own fixtures, those fixtures again as
both references judge them, and pieces of a real event. Events with a capability are left for the subject
`accounts`; what is known of them by now is shown nevertheless: they are never valid, and never refused for
another reason than a bad signature or form.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import pytest

from ceramic_protocol import car, dagcbor, multibase
from ceramic_protocol.accounts.access import Stream, Terms
from ceramic_protocol.accounts.cacao import decode_cacao
from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import (
    DataEvent,
    InitEvent,
    InvalidEvent,
    TimeEvent,
    decode_event,
    decode_init_header,
)
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.jose import Envelope, decode_envelope
from ceramic_protocol.ports import NoChain
from ceramic_protocol.profiles.ceramic_one import CeramicOne
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.strict import check_envelope
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.conformance.test_probe_decode import Difference, explain
from tests.conformance.test_reference_cars import unpadded
from tests.support import vectors
from tests.support.accounts import checked
from tests.support.judging import CONTEXT, RULES

PROBE: Final = "rust_probe_verify_signature.json"
OFFICIAL: Final = "accounts_official.json"
PIECES: Final = "rust_gitcoin_cacao_from_pieces.json"
FIXTURES: Final = [
    name
    for pattern in ("rust_validation_key_*.json", "rust_validation_pkh_*.json")
    for name in vectors.names("reference", pattern)
]

_GOOD: Final = r"event=Ok"

DIFFERENCES: Final[Mapping[str, Difference]] = {
    # Refused here.
    "alg": Difference(_GOOD, "alg_key_mismatch:", "each kind of key has one algorithm, as in did-jwt"),
    "standard-alphabet": Difference(
        _GOOD,
        r"signature_invalid: .* \(signs the standard alphabet\)",
        "a JWS is signed over base64url; ceramic-one encodes the header in the other alphabet",
    ),
    "no-controllers": Difference(
        _GOOD,
        r"signer_not_controller: .* controller is $",
        "nobody may write to a stream without controllers",
    ),
    "one-signature": Difference(
        _GOOD,
        r"event_malformed: envelope with \d+ signatures",
        "ceramic-one looks at the first signature only",
    ),
    "capability-block": Difference(
        _GOOD, "jws_malformed: cap does not start with", "ceramic-one reads `cap` without `ipfs://` as none"
    ),
    "protected": Difference(_GOOD, "jws_malformed:", "a header that can't be read grants nothing"),
    "key-kinds": Difference(
        _GOOD, "unsupported_did:", "Ed25519, secp256k1 and P-256 in base58btc sign events"
    ),
    # Taken here.
    "url-alphabet": Difference(
        r"event=Err\(.failed to verify jws",
        r"accepted, header has other base64url",
        "a JWS is signed over base64url; ceramic-one encodes the header in the other alphabet",
    ),
}
"""Kinds of differences by their name in docs/deviations.md."""

DIFFERENT: Final[Mapping[str, str]] = {
    "custom/alg ES256 on ed25519 key": "alg",
    "custom/alg none": "alg",
    "custom/no controller": "no-controllers",
    "custom/std-alphabet header char ?": "standard-alphabet",
    "custom/std-alphabet header char ~": "standard-alphabet",
    "custom/url-alphabet header char ?": "url-alphabet",
    "custom/url-alphabet header char >": "url-alphabet",
}
"""Cases that are answered differently → how."""

CASES: Final = vectors.by_name((given["case"], (given, answer)) for given, answer in vectors.pairs(PROBE))


def has_capability(data: bytes) -> bool:
    """Whether the envelope in a CAR names a capability; False where there is no envelope to be read."""
    event = decode_event(data)
    if isinstance(event, InvalidEvent | TimeEvent) or event.envelope is None:
        return False
    return event.envelope.header.capability is not None


def is_about_capabilities(given: Mapping[str, Any], answer: str) -> bool:
    """Whether a case is about a capability, which only the profile of ceramic-one is asked about here."""
    return " cacao=" in answer or has_capability(multibase.decode(given["car_multibase"]))


PLAIN: Final = [name for name, (given, answer) in CASES.items() if not is_about_capabilities(given, answer)]


def finding(data: bytes, controller: str | None) -> tuple[Reason, str] | None:
    """What decoding, verification and the stream's controller have against a signed event."""
    event = decode_event(data)
    if isinstance(event, InvalidEvent):
        return event.reason, event.detail
    assert not isinstance(event, TimeEvent)
    checked = Verifier(NoChain()).verify(event)
    if isinstance(event, InitEvent):
        assert event.header.controller == (controller or event.header.controller)
        known = [checked]
    else:
        known = [init_of(event, controller), checked]
    judged = evaluate(event.stream, EventSet.of(known), RULES, CONTEXT).judged[event.cid]
    # The events stand alone: what they build on isn't asked here.
    if judged.reason is None or judged.reason is Reason.PREV_MISSING:
        return None
    return judged.reason, judged.detail or ""


def init_of(event: DataEvent, controller: str | None) -> CheckedEvent:
    """An init event of the stream with that controller; a tile, so that no content is folded."""
    header: dict[str, IpldValue] = {} if controller is None else {"controllers": [controller]}
    payload = dagcbor.encode({"header": header})
    init = InitEvent(event.stream, decode_init_header(header), None, None, payload)
    return Verifier(NoChain()).verify(init)


def in_words(data: bytes, found: tuple[Reason, str] | None) -> str:
    """Our answer in words, with the alphabet that the signature is over if that makes the difference."""
    event = decode_event(data)
    envelope = None if isinstance(event, InvalidEvent | TimeEvent) else event.envelope
    if found is None:
        assert envelope is not None
        return f"accepted, header has {'other' if differs_by_alphabet(envelope) else 'the same'} base64url"
    reason, detail = found
    note = " (signs the standard alphabet)" if envelope and signs_standard_alphabet(envelope) else ""
    return f"{reason.value}: {detail}{note}"


def differs_by_alphabet(envelope: Envelope) -> bool:
    """Whether the protected header looks different in the two alphabets of base64."""
    return standard_input(envelope) != envelope.signing_input


def standard_input(envelope: Envelope) -> bytes:
    """The bytes that ceramic-one signs: the header in the standard alphabet."""
    _header, payload = envelope.signing_input.split(b".")
    return b64encode(envelope.protected).rstrip(b"=") + b"." + payload


def signs_standard_alphabet(envelope: Envelope) -> bool:
    """Whether the signature is good for the header in the standard alphabet and not as JWS has it."""
    try:
        key = resolve_did_key(envelope.header.signer or "")
    except IdentifierError:
        return False
    is_good = verify(key, standard_input(envelope), envelope.signature)
    return is_good and differs_by_alphabet(envelope)


@pytest.mark.parametrize("name", PLAIN)
def test_crafted_event(name: str) -> None:
    given, answer = CASES[name]
    data = multibase.decode(given["car_multibase"])
    found = finding(data, given["controller"])
    if re.match(_GOOD, answer):
        is_same = found is None
    else:
        is_same = found is not None and found[0].outcome is Outcome.REJECTED
    if is_same:
        assert name not in DIFFERENT
    else:
        difference = explain(answer, in_words(data, found), DIFFERENCES)
        assert DIFFERENT.get(name, difference) == difference
        assert vectors.is_named() or name in DIFFERENT


REASONS: Final = {
    "custom/alg unknown": Reason.ALG_KEY_MISMATCH,
    "custom/alg missing": Reason.ALG_KEY_MISMATCH,
    "custom/kid missing": Reason.KID_MISSING,
    "custom/other controller": Reason.SIGNER_NOT_CONTROLLER,
    "custom/controller pkh no cap": Reason.SIGNER_NOT_CONTROLLER,
    "custom/kid did:pkh": Reason.UNSUPPORTED_DID,
    "custom/kid did:web": Reason.UNSUPPORTED_DID,
    "custom/bad first sig good second": Reason.SIGNATURE_INVALID,
    "custom/p256 der": Reason.SIGNATURE_INVALID,
    "custom/p256 alg EdDSA": Reason.ALG_KEY_MISMATCH,
    "custom/secp256k1 alg ES256": Reason.ALG_KEY_MISMATCH,
}


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_the_reason_of_a_refusal(name: str, reason: Reason) -> None:
    if name not in CASES:
        pytest.skip("not among these vectors")
    given, _answer = CASES[name]
    found = finding(multibase.decode(given["car_multibase"]), given["controller"])
    assert found is not None
    assert found[0] is reason


def is_accepted(case: Mapping[str, Any]) -> bool:
    """Whether a case of the accounts' form is to be accepted."""
    return bool(case["recommended"] == "accept")


@cache
def official_cases() -> list[dict[str, Any]]:
    """The references' fixtures as both judge them; none where the file isn't there."""
    found: list[dict[str, Any]] = (
        vectors.reference(OFFICIAL)["cases"] if vectors.names("reference", OFFICIAL) else []
    )
    return found


def fixture_events(file: str) -> list[tuple[str, dict[str, Any]]]:
    """The signed events of a file of fixtures, by name."""
    return list(vectors.reference(file)["expected"]["events"].items())


def probe_now() -> datetime:
    """When the probe was made: one of its capabilities starts ten minutes later."""
    given, _answer = CASES["capx/future iat +10min"]
    event = decode_event(multibase.decode(given["car_multibase"]))
    assert isinstance(event, InitEvent | DataEvent)
    assert event.envelope is not None
    issued = decode_cacao(event.envelope.capability_block).issued_at
    return datetime.fromisoformat(issued) - timedelta(minutes=10)


def says_of(given: Mapping[str, Any]) -> Finding | None:
    """What the profile of ceramic-one finds wrong with an event of the probe, resources aside.

    The probe asks who signed and when, not for what.
    """
    found = checked(multibase.decode(given["car_multibase"]), Profile.CERAMIC_ONE)
    if isinstance(found, InvalidEvent) or found.reason is not None:
        return Finding(found.reason or Reason.EVENT_MALFORMED, found.detail or "")
    when = given["at_time"]
    at = probe_now() if when in {"now", "skip"} else datetime.fromisoformat(when)
    terms = Terms(grace=0, skew=300, check_expiry=when != "skip")
    stream = Stream(given["controller"] or found.signer or "", "", None)
    answer = CeramicOne().may_write(found, stream, int(at.timestamp() * 1000), terms)
    return None if answer and answer.reason is Reason.CACAO_MODEL_NOT_COVERED else answer


@pytest.mark.parametrize("name", CASES)
def test_what_ceramic_one_says(name: str) -> None:
    given, answer = CASES[name]
    found = says_of(given)
    assert (found is None) is (re.match(_GOOD, answer) is not None), found


def official(*, with_capability: bool) -> list[dict[str, Any]]:
    """The cases of the official file with or without a capability."""
    return [case for case in official_cases() if bool(case["event"].get("cacaoCid")) is with_capability]


@pytest.mark.parametrize("case", official(with_capability=False), ids=lambda case: case["name"])
def test_official_event(case: dict[str, Any]) -> None:
    found = finding(unpadded(case["event"]["carB64"]), case["controller"])
    assert (found is None) == is_accepted(case)
    assert found is None or found[0] is Reason.SIGNATURE_INVALID or vectors.is_named()


@pytest.mark.parametrize("file", FIXTURES)
def test_fixture_of_the_sdk(file: str) -> None:
    """Each event by itself: link to the payload, signature, and without a capability the verdict."""
    vector = vectors.reference(file)
    meta = vector["expected"]["root_meta"]
    archive = car.decode(unpadded(vector["input"]["car_base64"]))
    blocks = dict(archive.blocks)
    assert [str(root) for root in archive.roots] == [vector["input"]["root"]]
    assert car.encode(archive.roots, archive.blocks) == unpadded(vector["input"]["car_base64"])
    for name, case in fixture_events(file):
        data = unpadded(case["car_base64"])
        event = decode_event(data)
        assert isinstance(event, InitEvent | DataEvent)
        assert event.envelope is not None
        assert str(event.cid) == case["event_cid"] == meta[name]["/"]
        assert str(event.envelope.payload) == case["payload_cid"]
        assert blocks[event.cid] == dict(car.decode(data).blocks)[event.cid]
        capability = event.envelope.header.capability
        assert (capability and str(capability)) == case["capability_cid"]
        assert (check_envelope(event.envelope) is None) is case["jws_signature_valid"]
        if capability is None:
            found = finding(data, meta["controller"])
            assert (found is None) is (case["rust_result"]["now"] == "event=Ok(())")
    check_deterministic(Cid.parse(meta["validDeterministicEvent"]["/"]), blocks, meta["controller"])


def check_deterministic(cid: Cid, blocks: Mapping[Cid, bytes], controller: str) -> None:
    """The fixture's unsigned init event, which has no signature to check."""
    event = decode_event(car.encode([cid], [(cid, blocks[cid])]))
    assert isinstance(event, InitEvent)
    assert (event.header.controller, event.data, event.envelope) == (controller, None, None)
    assert Verifier(NoChain()).verify(event).reason is None


def test_pieces_of_a_real_event() -> None:
    """Envelope and capability from DAG-JSON: the signature is good, the capability's block has its CID."""
    vector = vectors.reference(PIECES)
    given, wanted = vector["input"], vector["expected"]
    jws = given["event"]
    signatures = [
        {name: multibase.decode("u" + text) for name, text in signature.items()}
        for signature in jws["signatures"]
    ]
    payload = multibase.decode("u" + jws["payload"])
    envelope = decode_envelope(dagcbor.encode({"payload": payload, "signatures": signatures}))
    assert str(envelope.payload) == jws["link"]["/"]
    assert check_envelope(envelope) is None
    assert envelope.header.capability == Cid.of(dagcbor.encode(given["cacao"]))
    assert str(envelope.header.capability) == wanted["cacao_cid"]
    assert envelope.header.signer == given["cacao"]["p"]["aud"]


@pytest.mark.skipif(vectors.is_named() or not CASES, reason="other vectors than the project's own")
def test_how_many() -> None:
    assert (len(CASES), len(PLAIN)) == (70, 26)
    assert DIFFERENT.keys() <= set(PLAIN)
    assert set(DIFFERENT.values()) <= DIFFERENCES.keys()
    assert (len(official(with_capability=False)), len(official(with_capability=True))) == (10, 45)
    assert {file: len(fixture_events(file)) for file in FIXTURES} == {
        "rust_validation_key_ecdsa_p256.json": 4,
        "rust_validation_key_ed25519.json": 4,
        "rust_validation_key_webauthn.json": 14,
        "rust_validation_pkh_ethereum.json": 14,
        "rust_validation_pkh_solana.json": 14,
    }
