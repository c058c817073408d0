"""Entries of the feed in the forms in which they are told."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, cast

import orjson

from ceramic_node.http.v1.feed.shapes import KIND_NAMES, Check, FeedEvent, Judgement, Verdict
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.texts import car_text, cid_text, maybe_cid, maybe_stream, stream_text
from ceramic_node.states.records import EventRow
from ceramic_protocol import dagcbor, dagjson
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.limits import MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.stored import Delivered


class IncludeData(StrEnum):
    """How much of an event comes along."""

    NONE = "none"
    PAYLOAD = "payload"
    CAR = "car"
    FULL = "full"

    @property
    def has_payload(self) -> bool:
        """Whether the payload comes along."""
        return self in _WITH_PAYLOAD

    @property
    def has_car(self) -> bool:
        """Whether the CAR comes along."""
        return self in _WITH_CAR


_WITH_PAYLOAD: Final = frozenset({IncludeData.PAYLOAD, IncludeData.FULL})
_WITH_CAR: Final = frozenset({IncludeData.CAR, IncludeData.FULL})


_VALID: Final = Check(verdict="valid", reason=None, detail=None)


def feed_event(delivered: Delivered, include: IncludeData, token_start: str) -> FeedEvent:
    """An entry with what is asked for."""
    checked, facts = delivered.checked, delivered.facts
    found = FeedEvent(
        position=delivered.position,
        resume=f"{token_start}{delivered.position}",
        received=delivered.received,
        cid=cid_text(checked.cid),
        kind=KIND_NAMES[checked.kind],
        stream_id=stream_text(facts.stream_id),
        model=maybe_stream(facts.model),
        controller=facts.controller,
        prev=maybe_cid(checked.prev),
        signer=checked.signer,
        capability=maybe_cid(checked.capability),
        timestamp=checked.timestamp,
        chain_id=checked.chain_id,
        check=check_of(checked),
    )
    if include.has_payload:
        found["payload"] = payload_of(checked)
    if include.has_car and delivered.car:
        found["car"] = car_text(delivered.car)
    return found


def check_of(checked: CheckedEvent) -> Check:
    """The event's own verdict."""
    if checked.reason is None:
        return _VALID
    return Check(verdict=_verdict(checked.outcome), reason=checked.reason.value, detail=_told(checked.detail))


def judgement_of(row: EventRow) -> Judgement:
    """The verdict within the stream."""
    return Judgement(
        verdict=_verdict(row.outcome),
        reason=None if row.reason is None else row.reason.value,
        detail=_told(row.detail),
        height=row.height,
        is_canonical=row.is_canonical,
        anchored_at=row.anchored_at,
        expires_at=row.expires_at,
    )


def with_judgement(form: bytes, row: EventRow | None) -> bytes:
    """The text of an entry with what is known of it within its stream."""
    judged = b"null" if row is None else dumps(judgement_of(row))
    return b'%b,"judged":%b}' % (form[:-1], judged)


def payload_of(checked: CheckedEvent) -> Any:
    """The payload as DAG-JSON; None for time events, which have none, and for what JSON can't hold."""
    if not checked.payload:
        return None
    try:
        return orjson.Fragment(dagjson.encode(dagcbor.decode(checked.payload)))
    except (DecodeError, EncodeError):
        return None


def _verdict(outcome: str) -> Verdict:
    return cast("Verdict", str(outcome))


def _told(detail: str | None) -> str | None:
    return None if detail is None else plain(detail, MAX_TOLD_CHARS)
