"""Capabilities in ceramic-one's own tests and in crafted events that it was shown: profile by profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ceramic_protocol import car, dagcbor, multibase
from ceramic_protocol.accounts.access import Stream, Terms
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules, default_grace
from tests.support import vectors
from tests.support.accounts import SKEW, checked, unbase64
from tests.support.judging import CONTEXT

BOTH: Final = (Profile.STRICT, Profile.CERAMIC_ONE)
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
EVERYTHING: Final = ("ceramic://*",)


def as_event(archive: bytes, profile: Profile) -> CheckedEvent:
    event = checked(archive, profile)
    assert not isinstance(event, InvalidEvent), event
    return event


def milliseconds(text: str) -> int:
    at = datetime.now(UTC) if text in {"now", "skip"} else datetime.fromisoformat(text)
    return int(at.timestamp() * 1000)


# Archives with the events of one stream.

ARCHIVES: Final = [
    name
    for name in vectors.names("reference", "rust_validation_*.json")
    if name in {f"rust_validation_{kind}.json" for kind in ("pkh_ethereum", "pkh_solana", "key_webauthn")}
]
ARCHIVED: Final[Mapping[str, tuple[str, str]]] = {
    f"{archive.removesuffix('.json')}: {name}": (archive, name)
    for archive in ARCHIVES
    for name in vectors.reference(archive)["expected"]["events"]
}
_ENDINGS: Final = {
    "EventSignature": Reason.SIGNATURE_INVALID,
    "CapabilitySignature": Reason.CACAO_SIGNATURE_INVALID,
    "CapabilityNoResource": Reason.CACAO_MODEL_NOT_COVERED,
    "CapabilityOtherModel": Reason.CACAO_MODEL_NOT_COVERED,
    "EventCapability": Reason.CACAO_EXPIRED,
}


def is_good(answer: str) -> bool:
    """Whether ceramic-one verified an event and let its signer write."""
    return "event=Ok" in answer and "access=Err" not in answer


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("name", ARCHIVED)
def test_an_archived_event_in_its_stream(name: str, profile: Profile) -> None:
    archive, kind = ARCHIVED[name]
    events = vectors.reference(archive)["expected"]["events"]
    event = as_event(unbase64(events[kind]["car_base64"]), profile)
    given = {item["event_cid"]: item["car_base64"] for item in events.values()}
    stream = EventSet.of([as_event(unbase64(given[str(event.stream)]), profile), event])
    rules = Rules.as_of(NOW, profile=profile, grace=default_grace(profile))
    assert event.stream is not None
    judged = evaluate(event.stream, stream, rules, CONTEXT).judged[event.cid]
    if is_good(events[kind]["rust_result"]["now"]):
        assert judged.reason is None, judged
    else:
        assert judged.reason is next(reason for end, reason in _ENDINGS.items() if kind.endswith(end))


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("name", [name for name in ARCHIVED if "expired" in name])
def test_an_archived_event_whose_end_is_not_looked_at(name: str, profile: Profile) -> None:
    archive, kind = ARCHIVED[name]
    expected = vectors.reference(archive)["expected"]
    event = as_event(unbase64(expected["events"][kind]["car_base64"]), profile)
    assert is_good(expected["events"][kind]["rust_result"]["skip"])
    stream = Stream(expected["root_meta"]["controller"], "", None)
    terms = Terms(0, SKEW, check_expiry=False)
    assert ACCOUNT_RULES[profile].may_write(event, stream, milliseconds("now"), terms) is None


@pytest.mark.skipif(vectors.is_named() or not ARCHIVED, reason="other vectors than the project's own")
def test_how_many_archived_events() -> None:
    assert len(ARCHIVED) == 42


# Resources and times.


@pytest.mark.parametrize("profile", BOTH)
def test_the_matrix_of_resources(profile: Profile) -> None:
    matrix = vectors.pairs("rust_cacao_access.json")
    for given, is_covered in matrix:
        event = CheckedEvent(
            Cid.of(b""),
            Cid.of(b""),
            Kind.DATA,
            None,
            b"",
            signer="did:key:z",
            capability=Cid.of(b""),
            grant=Grant("did:key:z", tuple(given["resources"]), None, None, "eip191"),
        )
        stream = Stream("did:key:z", given["stream"], given["model"])
        found = ACCOUNT_RULES[profile].may_write(event, stream, 0, Terms(0, 0))
        assert (found is None) == is_covered
        assert found is None or found.reason is Reason.CACAO_MODEL_NOT_COVERED
    assert not matrix or len(matrix) == 6


def signed_data_event() -> bytes:
    return multibase.decode(vectors.reference("rust_car_cacao_signed_data_event.json")["input"]["multibase"])


def wallet_stream(event: CheckedEvent) -> Stream:
    assert event.grant is not None
    return Stream(event.grant.issuer, "", None)


@pytest.mark.parametrize("profile", list(Profile))
def test_the_matrix_of_times(profile: Profile) -> None:
    matrix = vectors.reference("rust_cacao_time_checks.json")["expected"]
    event = as_event(signed_data_event(), profile)
    assert event.reason is None
    for row in matrix:
        terms = Terms(row.get("revocation_phaseout_secs", 0), SKEW, row["check_exp"])
        at = milliseconds(row["at_time"])
        found = ACCOUNT_RULES[profile].may_write(event, wallet_stream(event), at, terms)
        assert (found is None) == row["valid"]
        assert found is None or found.reason is Reason.CACAO_EXPIRED
    assert len(matrix) == 7


# A real event whose envelope has a member too many.


@pytest.mark.parametrize("profile", list(Profile))
def test_the_event_of_gitcoin(profile: Profile) -> None:
    vector = vectors.reference("rust_car_gitcoin_cacao.json")
    found = checked(multibase.decode(vector["input"]["multibase"]), profile)
    assert isinstance(found, InvalidEvent)
    assert found.reason is Reason.BLOCK_HASH_MISMATCH

    *blocks, (_, block) = car.decode(multibase.decode(vector["input"]["multibase"])).blocks
    envelope = dagcbor.decode(block)
    assert isinstance(envelope, dict)
    assert envelope.pop("link") is None
    root = dagcbor.encode(envelope)
    cid = Cid.of(root, DAG_JOSE)
    event = as_event(car.encode([cid], [*blocks, (cid, root)]), profile)
    assert event.reason is None
    assert wallet_stream(event).controller == vector["input"]["controller"]
    at = milliseconds(vector["input"]["at_time"])
    assert ACCOUNT_RULES[profile].may_write(event, wallet_stream(event), at, Terms(0, SKEW)) is None


# Crafted events, verified by ceramic-one.

PROBES: Final = vectors.by_name(
    (given["case"], (given, answer)) for given, answer in vectors.pairs("rust_probe_verify_signature.json")
)


def probed(given: Mapping[str, Any]) -> Iterator[Reason]:
    """What ceramic-one's emulation has against an event; resources were not part of the question."""
    rules = ACCOUNT_RULES[Profile.CERAMIC_ONE]
    event = checked(multibase.decode(given["car_multibase"]), Profile.CERAMIC_ONE)
    if event.reason is not None:
        yield event.reason
    if isinstance(event, InvalidEvent):
        return
    if event.grant is not None:
        event = event._replace(grant=event.grant._replace(resources=EVERYTHING))
    stream = Stream(given["controller"] or event.signer or "", "", None)
    terms = Terms(0, SKEW, check_expiry=given["at_time"] != "skip")
    found = rules.may_write(event, stream, milliseconds(given["at_time"]), terms)
    if found is not None:
        yield found.reason


@pytest.mark.parametrize("name", PROBES)
def test_what_ceramic_one_verified(name: str) -> None:
    given, answer = PROBES[name]
    assert (not list(probed(given))) == ("event=Ok" in answer)


@pytest.mark.skipif(vectors.is_named() or not PROBES, reason="other vectors than the project's own")
def test_how_many_were_verified() -> None:
    assert len(PROBES) == 70
