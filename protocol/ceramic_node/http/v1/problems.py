"""What goes wrong, told as problem details (RFC 9457) with codes that stay the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar

from aiohttp import web

from ceramic_node.http.v1.json_text import dumps
from ceramic_node.intake import Overloaded, Stopping
from ceramic_protocol.errors import (
    CeramicError,
    DecodeError,
    IdentifierError,
    OutsideError,
    StoreCorruption,
    UsageError,
)
from ceramic_protocol.lifecycle.errors import ConflictError, StreamBusy, StreamUnknown, WriteRefused
from ceramic_protocol.limits import MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.reasons import Finding

PROBLEM_TYPE: Final = "application/problem+json"
_E = TypeVar("_E", bound=CeramicError)


class Failing(NamedTuple):
    """A code, its status, and what it means in half a sentence."""

    code: str
    status: HTTPStatus
    summary: str


BAD_PARAMETER: Final = Failing("bad_parameter", HTTPStatus.BAD_REQUEST, "a parameter makes no sense")
BAD_BODY: Final = Failing("bad_body", HTTPStatus.BAD_REQUEST, "the body isn't what its type says")
USAGE: Final = Failing("usage", HTTPStatus.BAD_REQUEST, "what is asked for makes no sense")
BAD_IDENTIFIER: Final = Failing("bad_identifier", HTTPStatus.BAD_REQUEST, "that identifier names nothing")
TOKEN_MALFORMED: Final = Failing(
    "resume_token_malformed", HTTPStatus.BAD_REQUEST, "that is no token of this feed"
)
NOT_FOUND: Final = Failing("not_found", HTTPStatus.NOT_FOUND, "there is nothing at this path")
EVENT_UNKNOWN: Final = Failing("event_unknown", HTTPStatus.NOT_FOUND, "the node hasn't got that event")
STREAM_UNKNOWN: Final = Failing(
    "stream_unknown", HTTPStatus.NOT_FOUND, "the stream has no valid init event here"
)
METHOD_REFUSED: Final = Failing(
    "method_refused", HTTPStatus.METHOD_NOT_ALLOWED, "the path doesn't take that method"
)
TIP_MOVED: Final = Failing(
    "tip_moved", HTTPStatus.CONFLICT, "the tip is another one than was expected; `tip` is the present one"
)
TOKEN_FOREIGN: Final = Failing(
    "resume_token_foreign",
    HTTPStatus.GONE,
    "that token is of another store, or of one before it was restored",
)
TOKEN_AHEAD: Final = Failing(
    "resume_token_ahead", HTTPStatus.GONE, "that token is ahead of all that the store has"
)
EVENT_PRUNED: Final = Failing(
    "event_pruned", HTTPStatus.GONE, "the node has given up the bytes of the event, as no interest covers it"
)
TOO_LARGE: Final = Failing("body_too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
TYPE_REFUSED: Final = Failing(
    "media_type_refused", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "bodies of that type aren't taken here"
)
EVENT_REFUSED: Final = Failing(
    "event_refused", HTTPStatus.UNPROCESSABLE_ENTITY, "the event was not kept; `reason` says why"
)
EVENT_NOT_WANTED: Final = Failing(
    "event_not_wanted", HTTPStatus.UNPROCESSABLE_ENTITY, "no interest of the node covers the event"
)
WRITE_REFUSED: Final = Failing(
    "write_refused", HTTPStatus.UNPROCESSABLE_ENTITY, "the event would not be valid; `reason` says why"
)
NO_STATE: Final = Failing(
    "no_state",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "there is no state there; `reason` says why if an event has none",
)
TOO_LONG: Final = Failing(
    "stream_too_long", HTTPStatus.UNPROCESSABLE_ENTITY, "the stream has too many events for that"
)
UPGRADE: Final = Failing("upgrade_required", HTTPStatus.UPGRADE_REQUIRED, "ask for a WebSocket here")
INTERNAL: Final = Failing("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the node")
CORRUPTION: Final = Failing("store_corruption", HTTPStatus.INTERNAL_SERVER_ERROR, "the store is damaged")
OVERLOADED: Final = Failing("overloaded", HTTPStatus.SERVICE_UNAVAILABLE, "too much to do; try again")
STOPPING: Final = Failing("stopping", HTTPStatus.SERVICE_UNAVAILABLE, "the node is about to end")
OUTSIDE: Final = Failing("outside", HTTPStatus.SERVICE_UNAVAILABLE, "a disk or service failed")
BUSY: Final = Failing(
    "stream_busy", HTTPStatus.SERVICE_UNAVAILABLE, "others write to the stream all the time"
)
BEHIND: Final = Failing("state_behind", HTTPStatus.SERVICE_UNAVAILABLE, "the stream has not been judged yet")
NO_ROOM: Final = Failing("no_room", HTTPStatus.SERVICE_UNAVAILABLE, "too many events wait for others")
CONSUMERS: Final = Failing(
    "too_many_consumers", HTTPStatus.SERVICE_UNAVAILABLE, "too many follow feeds at the same time"
)

ANYWHERE: Final = (BAD_PARAMETER, OUTSIDE)
"""What may go wrong with every operation."""

_RETRY_SECONDS: Final = {HTTPStatus.SERVICE_UNAVAILABLE: "1"}
_LOCAL: Final = frozenset({"code", "detail", "status", "title", "type"})


class Problem(CeramicError):
    """What ends a request. `more` are further members of the answer, `headers` further headers."""

    code = "problem"

    def __init__(
        self,
        failing: Failing,
        detail: str,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.failing = failing
        self.more = more or {}
        self.headers = headers or {}

    def answer(self) -> web.Response:
        """As a response."""
        status = self.failing.status
        headers = {"Cache-Control": "no-store", **self.headers}
        if status in _RETRY_SECONDS:
            headers["Retry-After"] = _RETRY_SECONDS[status]
        return web.Response(
            status=status, body=dumps(self.members()), content_type=PROBLEM_TYPE, headers=headers
        )

    def members(self) -> dict[str, Any]:
        """The members of the answer."""
        return {
            "type": "about:blank",
            "title": self.failing.status.phrase,
            "status": int(self.failing.status),
            "code": self.failing.code,
            "detail": plain(str(self), 4 * MAX_TOLD_CHARS),
            **{name: value for name, value in self.more.items() if name not in _LOCAL},
        }


def told(finding: Finding) -> dict[str, str]:
    """A finding as members of an answer."""
    return {"reason": finding.reason.value, "reason_detail": plain(finding.detail, MAX_TOLD_CHARS)}


def _conflict(error: ConflictError) -> dict[str, Any]:
    return {"tip": str(error.tip), "expected": str(error.expected)}


def _refused(error: WriteRefused) -> dict[str, Any]:
    return told(error.finding)


def _unknown(error: StreamUnknown) -> dict[str, Any]:
    return {} if error.finding is None else told(error.finding)


def _nothing(error: CeramicError) -> dict[str, Any]:
    del error
    return {}


def _entry(
    error: type[_E], failing: Failing, more: Callable[[_E], dict[str, Any]] = _nothing
) -> tuple[type[CeramicError], Failing, Callable[[Any], dict[str, Any]]]:
    return error, failing, more


_KNOWN: Final = (
    _entry(ConflictError, TIP_MOVED, _conflict),
    _entry(WriteRefused, WRITE_REFUSED, _refused),
    _entry(StreamUnknown, STREAM_UNKNOWN, _unknown),
    _entry(StreamBusy, BUSY),
    _entry(Overloaded, OVERLOADED),
    _entry(Stopping, STOPPING),
    _entry(IdentifierError, BAD_IDENTIFIER),
    _entry(DecodeError, BAD_BODY),
    _entry(UsageError, USAGE),
    _entry(StoreCorruption, CORRUPTION),
    _entry(OutsideError, OUTSIDE),
)


def problem_of(error: CeramicError) -> Problem:
    """What to answer for an error that the rest of the program raises."""
    if isinstance(error, Problem):
        return error
    for kind, failing, more in _KNOWN:
        if isinstance(error, kind):
            return Problem(failing, str(error), more(error))
    return Problem(INTERNAL, error.code)
