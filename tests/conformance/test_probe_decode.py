"""Crafted CARs, and what ceramic-one answered to each: the same here, or one of the differences listed.

`car` is how ceramic-one reads what other nodes send, `carstrict` how it reads what users post. Here is one
reader for both. Its answer is that of decoding and, for time events, of the path through the witness nodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from ceramic_protocol import car, multibase
from ceramic_protocol.anchors import walk_path
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.events import Event, InitEvent, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.ports import NoChain
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import Verifier
from tests.conformance.test_reference_cars import kind_of, written
from tests.support import vectors

FILE: Final = "rust_probe_decode_car.json"


@dataclass(frozen=True, slots=True)
class Difference:
    """A kind of difference that is on purpose: patterns of the reference's answer and of ours, and why."""

    theirs: str
    ours: str
    why: str

    def fits(self, theirs: str, ours: str) -> bool:
        """Whether these two answers differ in this way."""
        return bool(re.match(self.theirs, theirs) and re.match(self.ours, ours))


OK: Final = r"OK "
_LOST: Final = r"ERR (Signed event payload|Event) bytes do not round-trip"

# The first that fits is meant.
DIFFERENCES: Final[Mapping[str, Difference]] = {
    # Refused here.
    "hash": Difference(OK, "block_hash_mismatch:", "ceramic-one hashes blocks only when it stores them"),
    "hash-kind": Difference(OK, "hash_unsupported:", "events are written with SHA-256 alone"),
    "canonical": Difference(OK, "cbor_malformed:", "bytes in another form have another CID once rewritten"),
    "one-signature": Difference(
        OK, r"event_malformed: envelope with \d+ signatures", "ceramic-one looks at the first signature only"
    ),
    "root-codec": Difference(
        OK,
        r"event_malformed: (no event has the members payload, signatures|root block is |"
        r"envelope's payload is \S+, not)",
        "the codec of a block says what it is, and the stream's id depends on it",
    ),
    "envelope-members": Difference(
        OK,
        r"event_malformed: (envelope is not \{payload|signature is not \{protected)",
        "dag-jose never writes other members, nor null or nothing for a protected header",
    ),
    "event-members": Difference(
        OK,
        r"event_malformed: (no event has the members |header of a data event is not a map)",
        "an event has the members of its kind and no others",
    ),
    "proof-members": Difference(
        OK,
        r"event_malformed: (proof is not |transaction hash of)",
        "a proof has no other members, and a transaction's hash has 32 bytes",
    ),
    "model": Difference(OK, r"event_malformed: header\.model", "the model's bytes must be a StreamID"),
    "path": Difference(OK, r"event_malformed: path ", "a path is indexes of up to two digits"),
    "capability-block": Difference(
        OK, r"jws_malformed: cap does not start with", "ceramic-one reads `cap` without `ipfs://` as none"
    ),
    "protected": Difference(OK, r"jws_malformed:", "a header that can't be read grants nothing"),
    "cut-length": Difference(
        OK, r"car_truncated: ends inside the length", "a CAR that is cut short may have lost a block"
    ),
    "limits": Difference(
        OK,
        r"(block_too_large:|car_malformed: (CAR of|more than|section of))",
        "js-ceramic's limit of a block, and bounds on the whole",
    ),
    "car-header": Difference(OK, r"car_malformed: header:", "the CAR's header is strict DAG-CBOR as well"),
    # Taken here.
    "kept-members": Difference(_LOST, r"accepted", "bytes are kept as they came, so nothing gets lost"),
    "old-streams": Difference(
        r"ERR decoding (event|payload): Msg\(.data did not match any variant",
        r"accepted \S+ without model",
        "inits of tiles and CAIP-10 links have no model; ceramic-one has no such streams",
    ),
    "large-integers": Difference(
        r"ERR .* as i128", r"accepted", "DAG-CBOR has integers down to -2^64, and JS reads them"
    ),
    "raw-proof": Difference(
        r"ERR decoding proof: Msg\(.missing field `txType`",
        r"accepted time",
        "a proof without txType is a `raw` one, as in js-ceramic",
    ),
}
"""Kinds of differences by their name in docs/deviations.md; some show only in other folders of vectors."""

DIFFERENT: Final[Mapping[str, str]] = {
    "car GITCOIN": "hash",
    "carstrict payload_content_mismatched_cid": "hash",
    "carstrict two_sigs": "one-signature",
    "car two_sigs": "one-signature",
    "carstrict root_codec_0x71_for_envelope": "root-codec",
    "car extra_field_env": "envelope-members",
    "car no_protected": "envelope-members",
    "carstrict protected_null": "envelope-members",
    "carstrict proof_extra": "proof-members",
    "carstrict model_empty": "model",
    "carstrict unsigned_no_data_key": "kept-members",
    "carstrict empty_controllers": "kept-members",
    "carstrict data_header_controllers": "kept-members",
    "carstrict init_plus_id_prev": "kept-members",
    "carstrict no_model": "old-streams",
    "car no_model": "old-streams",
    "carstrict floats_bigints": "large-integers",
    "car floats_bigints": "large-integers",
    "carstrict -2^63-1": "large-integers",
    "carstrict proof_without_txType": "raw-proof",
}
"""Cases that are answered differently → how."""

REWRITTEN: Final = {
    "car unsigned_no_data_key",
    "car extra_header_field",
    "car data_header_controllers",
    "car init_plus_id_prev",
    "carstrict cap_extra",
    "carstrict cap_null_resources",
}
"""Cases that both take, of which ceramic-one then loses members: `kept-members` as well."""

BAD_CAPABILITY: Final = r"ERR decoding capability"
"""Answers about the form of the capability, which is no part of the event here."""

CASES: Final = vectors.by_name(
    (f"{given['cmd']} {given['case']}", (given, answer)) for given, answer in vectors.pairs(FILE)
)


def is_about_capabilities(answer: str) -> bool:
    """Whether a capability has another form."""
    return re.match(BAD_CAPABILITY, answer) is not None


CAPABILITIES: Final = [name for name, (_given, answer) in CASES.items() if is_about_capabilities(answer)]
RUN: Final = [name for name in CASES if name not in CAPABILITIES]


def read(given: Mapping[str, Any]) -> tuple[Event | None, bytes, str]:
    """The event, its CAR, and our answer in words."""
    try:
        data = multibase.decode(given["arg"])
    except CeramicError as error:
        return None, b"", f"multibase: {error}"
    event = decode_event(data)
    if isinstance(event, InvalidEvent):
        return None, data, f"{event.reason.value}: {event.detail}"
    refused = walk_path(event) if isinstance(event, TimeEvent) else None
    if refused is not None:
        return None, data, f"{refused.reason.value}: {refused.detail}"
    is_old = isinstance(event, InitEvent) and event.header.model is None
    return event, data, f"accepted {kind_of(event)}{' without model' if is_old else ''}"


def explain(theirs: str, ours: str, differences: Mapping[str, Difference]) -> str:
    """The name of the difference between two answers; the test fails if it is none of those listed."""
    for name, difference in differences.items():
        if difference.fits(theirs, ours):
            return name
    pytest.fail(f"theirs: {theirs[:200]}\nours: {ours[:200]}")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("OK signed-data", "event_malformed: something else"),
        ("OK signed-data", "block_missing: payload bafy"),
        ("ERR event should have a link", "accepted signed-data"),
        ('ERR decoding event: Msg("data did not match any variant', "accepted unsigned-init"),
    ],
)
def test_a_difference_that_is_not_listed_fails(theirs: str, ours: str) -> None:
    with pytest.raises(pytest.fail.Exception):
        explain(theirs, ours, DIFFERENCES)


@pytest.mark.parametrize("name", RUN)
def test_crafted_car(name: str) -> None:
    given, answer = CASES[name]
    event, data, ours = read(given)
    if answer.startswith("OK") == (event is not None):
        assert name not in DIFFERENT
        if event is not None:
            check_value(name, answer, event, data)
    else:
        found = explain(answer, ours, DIFFERENCES)
        assert DIFFERENT.get(name, found) == found
        assert vectors.is_named() or name in DIFFERENT
        if event is not None:
            assert written(event, dict(car.decode(data).blocks))


def check_value(name: str, answer: str, event: Event, data: bytes) -> None:
    """The event is the one that ceramic-one read, and is written as ceramic-one writes it."""
    form = r'OK (\S+) cid=(\S+) stream=(\S+) prev=(?:None|Some\("(\S+)"\)) reencode=(identical|DIFF) ?(\S*)'
    found = re.fullmatch(form, answer)
    assert found is not None
    kind, cid, stream, prev, verdict, theirs = found.groups()
    assert (kind_of(event), str(event.cid), str(event.stream)) == (kind, cid, stream)
    assert (None if event.prev is None else str(event.prev)) == prev
    ours = written(event, dict(car.decode(data).blocks))
    if verdict == "identical":
        assert ours == data
        assert name not in REWRITTEN
    elif name in REWRITTEN or vectors.is_named():
        # Their blocks have fewer members and other CIDs, or just another order; ours are those that came.
        assert set(car.decode(ours).blocks) <= set(car.decode(data).blocks)
        assert name not in REWRITTEN or multibase.decode(theirs) != ours
    else:
        assert multibase.decode(theirs) == ours


@pytest.mark.parametrize("name", CAPABILITIES)
def test_capabilities_of_another_form(name: str) -> None:
    """ceramic-one fails to decode the event; here it can be read, and is then rejected."""
    event, _data, _ours = read(CASES[name][0])
    if event is not None:
        reason = Verifier(NoChain()).verify(event).reason
        # What is wrong with the envelope or the issuer is told first.
        assert reason in {Reason.SIGNATURE_INVALID, Reason.CACAO_MALFORMED, Reason.UNSUPPORTED_DID}


@pytest.mark.skipif(vectors.is_named() or not CASES, reason="other vectors than the project's own")
def test_how_many() -> None:
    assert (len(CASES), len(RUN), len(CAPABILITIES)) == (94, 91, 3)
    assert DIFFERENT.keys() <= set(RUN)
    assert set(RUN) >= REWRITTEN
    assert set(DIFFERENT.values()) <= DIFFERENCES.keys()


VERIFIED: Final = {
    "unsigned_WITH_data": Reason.UNSIGNED_INIT_WITH_DATA,
    "empty_controllers": Reason.INIT_NO_CONTROLLERS,
    "unsigned_ok": None,
}
"""Cases that can be decoded: what verification says of them."""


@pytest.mark.parametrize(("case", "reason"), VERIFIED.items())
def test_what_verification_refuses_later(case: str, reason: Reason | None) -> None:
    ran = 0
    for name in (f"{command} {case}" for command in ("car", "carstrict")):
        if name in CASES:
            event, _data, _ours = read(CASES[name][0])
            assert event is not None
            assert Verifier(NoChain()).verify(event).reason is reason
            ran += 1
    assert ran or vectors.is_named() or not CASES
