"""What a parameter may be: how its text is read, and the JSON Schema that says the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import CommitId, StreamId

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", re.ASCII)
_STREAM: Final = r"^k[0-9a-z]{10,200}$"
_CID: Final = r"^(b[a-z2-7]{10,200}|Qm[1-9A-HJ-NP-Za-km-z]{44})$"
_TICKET: Final = r"^cstt_[A-Za-z0-9_-]{43}$"
_MOMENT: Final = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    r"|[0-9]{1,14}|now)$"
)
_MILLIS: Final = 1000
_UNIX_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BadValue(ValueError):
    """A text that isn't what a parameter may be; the message says what it may be."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[_T]):
    """A kind of values. `parse` raises `BadValue`."""

    parse: Callable[[str], _T]
    schema: Mapping[str, Any]


class Now:
    """The present moment, whenever that is."""


NOW: Final = Now()


def whole(least: int, most: int) -> Kind[int]:
    """Whole numbers in a range."""

    def parse(text: str) -> int:
        number = int(text) if _WHOLE.fullmatch(text) else None
        if number is None or not least <= number <= most:
            raise BadValue(f"give a whole number from {least} to {most}")
        return number

    return Kind(parse, {"type": "integer", "minimum": least, "maximum": most})


def seconds(most: float) -> Kind[float]:
    """Seconds up to a number, with at most six digits behind the point."""

    def parse(text: str) -> float:
        number = float(text) if _SECONDS.fullmatch(text) else None
        if number is None or number > most:
            raise BadValue(f"give seconds from 0 to {most:g}")
        return number

    return Kind(parse, {"type": "number", "minimum": 0, "maximum": most})


def choice(values: type[_E]) -> Kind[_E]:
    """One of several words."""

    def parse(text: str) -> _E:
        try:
            return values(text)
        except ValueError:
            raise BadValue(f"give one of {', '.join(values)}") from None

    return Kind(parse, {"type": "string", "enum": [value.value for value in values]})


def text(most: int) -> Kind[str]:
    """Any text up to a length in characters."""

    def parse(given: str) -> str:
        if not 1 <= len(given) <= most:
            raise BadValue(f"give 1 to {most} characters")
        return given

    return Kind(parse, {"type": "string", "minLength": 1, "maxLength": most})


def _matching(pattern: str, parse: Callable[[str], _T], what: str) -> Callable[[str], _T]:
    compiled = re.compile(pattern, re.ASCII)

    def checked(given: str) -> _T:
        if compiled.fullmatch(given) is None:
            raise BadValue(f"that is no {what}")
        try:
            return parse(given)
        except IdentifierError as error:
            raise BadValue(f"that is no {what}: {error}") from None

    return checked


def _truth(given: str) -> bool:
    if given not in {"true", "false"}:
        raise BadValue("give true or false")
    return given == "true"


def _moment(given: str) -> int | Now:
    if given == "now":
        return NOW
    if given.isdigit():
        return int(given)
    try:
        at = datetime.fromisoformat(given.upper())
    except ValueError:
        raise BadValue("there is no such time") from None
    return int((at - _UNIX_START).total_seconds() * _MILLIS)


def _stream_or_commit(given: str) -> StreamId | CommitId:
    try:
        return StreamId.parse(given)
    except IdentifierError:
        return CommitId.parse(given)


TRUTH: Final = Kind(_truth, {"type": "boolean"})
CID: Final = Kind(_matching(_CID, Cid.parse, "CID"), {"type": "string", "pattern": _CID})
STREAM: Final = Kind(_matching(_STREAM, StreamId.parse, "StreamID"), {"type": "string", "pattern": _STREAM})
STREAM_OR_COMMIT: Final = Kind(
    _matching(_STREAM, _stream_or_commit, "StreamID or CommitID"), {"type": "string", "pattern": _STREAM}
)
TICKET: Final = Kind(_matching(_TICKET, str, "ticket"), {"type": "string", "pattern": _TICKET})
MOMENT: Final = Kind(
    _matching(_MOMENT, _moment, "time: RFC 3339 with a zone, unix milliseconds, or now"),
    {"type": "string", "pattern": _MOMENT},
)
"""A time in unix milliseconds, or `NOW`."""
