"""Judging the events of the accounts vectors under each profile, the way that every event goes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from ceramic_protocol import car
from ceramic_protocol.accounts.access import Stream, Terms
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.ports import NoContracts, RawEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding
from ceramic_protocol.verify import Verifier

Case: TypeAlias = Mapping[str, Any]

SKEW: Final = 300
NO_EVENT: Final = "payload is not a Ceramic event payload"


def unbase64(text: str) -> bytes:
    """The bytes of base64 text, padded or not."""
    return base64.b64decode(text + "=" * (-len(text) % 4))


def checked(archive: bytes, profile: Profile) -> CheckedEvent | InvalidEvent:
    """An event after its own checks."""
    return Verifier(profile=profile).check(RawEvent(archive, None, "vector", 0))


def judge(case: Case, profile: Profile, controller: str | None = None) -> Finding | None:
    """What a profile finds wrong with the event of a case; None if nothing.

    Args:
        case: one of the vectors' cases.
        profile: whose rules are asked.
        controller: of the stream, if it is another one than the case says.
    """
    archive = unbase64(case["event"]["carB64"])
    if NO_EVENT in case.get("note", ""):
        return _judge_envelope(case, archive, profile)
    event = checked(archive, profile)
    if isinstance(event, InvalidEvent):
        return Finding(event.reason, event.detail)
    if event.reason is not None:
        return Finding(event.reason, event.detail or "")
    # Cases without a controller ask for the signature alone.
    owner = controller or case["controller"] or event.signer or ""
    return may_write(case, event, owner, profile)


def may_write(case: Case, event: CheckedEvent, controller: str, profile: Profile) -> Finding | None:
    """What keeps the signer from writing to the stream of a case."""
    rules = ACCOUNT_RULES[profile]
    payload = _init(case, event, profile).payload
    stream = rules.stream_of(Stream(controller, case["streamId"], case["model"]), payload)
    terms = Terms(case["revocationPhaseOutSecs"], SKEW, case["checkExp"])
    at = datetime.fromisoformat(case["atTime"])
    if profile is Profile.CERAMIC_ONE and not case["checkExp"]:
        # Without looking at the end, ceramic-one looks at the beginning as of now (SkipTimeChecks).
        at = datetime.now(UTC)
    return rules.may_write(event, stream, int(at.timestamp() * 1000), terms)


def _init(case: Case, event: CheckedEvent, profile: Profile) -> CheckedEvent:
    if "init" not in case:
        return event
    init = checked(unbase64(case["init"]["carB64"]), profile)
    if isinstance(init, InvalidEvent):
        raise TypeError(str(init))
    return init


def _judge_envelope(case: Case, archive: bytes, profile: Profile) -> Finding | None:
    """The same for an envelope around something that is no event."""
    rules = ACCOUNT_RULES[profile]
    block = dict(car.decode(archive).blocks)[Cid.parse(case["event"]["envelopeCid"])]
    try:
        envelope = rules.decode_envelope(block)
    except DecodeError as error:
        return Finding(error.reason, error.detail)
    return rules.check_signed(envelope, NoContracts()).finding
