"""Entries of the feed in the forms in which they are told."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, cast

import orjson

from ceramic_node.http.v1.feed.shapes import Check, Judgement, Verdict
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.states.records import EventRow
from ceramic_protocol import dagcbor, dagjson
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.limits import MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain


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
