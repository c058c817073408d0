"""Signed events of the accounts vectors: what the reference verifiers and the notes on them recommend.

Cases with capabilities are left out as long as these aren't checked; `test_how_many` says how many that are.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ceramic_protocol import car
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.jose import decode_envelope
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import check_envelope
from tests.support import vectors

CASES: list[dict[str, Any]] = [
    case
    for name in ("jws.json", "negative.json")
    if name in vectors.names("accounts")
    for case in vectors.accounts(name)["cases"]
]
NO_EVENT = "payload is not a Ceramic event payload"


def archive(case: dict[str, Any]) -> bytes:
    text = case["event"]["carB64"]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def is_plain(case: dict[str, Any]) -> bool:
    """Whether a case is about signature and controller alone; the other groups are about capabilities."""
    return not case["group"].startswith("cacao")


PLAIN = list(filter(is_plain, CASES))


def finding(case: dict[str, Any]) -> Reason | None:
    """Decode the event, check its envelope and who signed it."""
    event = decode_event(archive(case))
    if isinstance(event, InvalidEvent) and NO_EVENT not in case.get("note", ""):
        return event.reason
    block = dict(car.decode(archive(case)).blocks)[Cid.parse(case["event"]["envelopeCid"])]
    try:
        envelope = decode_envelope(block)
    except DecodeError as error:
        return error.reason
    found = check_envelope(envelope)
    if found is not None:
        return found[0]
    controller = case["controller"]
    is_controller = controller is None or controller == envelope.header.signer
    return None if is_controller else Reason.SIGNER_NOT_CONTROLLER


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case["name"])
def test_the_recommended_verdict(case: dict[str, Any]) -> None:
    found = finding(case)
    assert (found is None) == (case["recommended"] == "accept"), found


REASONS = {
    "ed25519 malleated signature S + L": Reason.SIGNATURE_INVALID,
    "empty signature": Reason.SIGNATURE_INVALID,
    "no signatures": Reason.SIGNATURES_EMPTY,
    "payload block bytes do not hash to the payload CID": Reason.BLOCK_HASH_MISMATCH,
    "envelope payload is not a CID (json bytes)": Reason.EVENT_MALFORMED,
    "no kid": Reason.KID_MISSING,
    "kid is not a DID": Reason.UNSUPPORTED_DID,
    "kid did:web": Reason.UNSUPPORTED_DID,
    "no alg": Reason.ALG_KEY_MISMATCH,
    "protected header is a JSON array": Reason.JWS_MALFORMED,
    "kid P-384 did:key with ES384": Reason.UNSUPPORTED_DID,
    "controller is another did:key, no capability": Reason.SIGNER_NOT_CONTROLLER,
    "controller is did:pkh, no capability": Reason.SIGNER_NOT_CONTROLLER,
    "duplicate kid member in header (other key first)": Reason.JWS_MALFORMED,
    "cap header without ipfs:// scheme": Reason.JWS_MALFORMED,
}
NAMES = {case["name"] for case in CASES} if vectors.is_named() else REASONS.keys()


@pytest.mark.parametrize("name", [name for name in REASONS if name in NAMES])
def test_the_reason(name: str) -> None:
    assert {finding(case) for case in CASES if case["name"] == name} == {REASONS[name]}


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_how_many() -> None:
    accepted = [case for case in PLAIN if case["recommended"] == "accept"]
    assert (len(CASES), len(PLAIN), len(accepted)) == (103, 61, 19)
