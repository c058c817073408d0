"""Times as ceramic-one reads and writes them again (siwx_message.rs; chrono 0.4.38)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.profiles.calendar import DAY, Clock, day_number, is_day, split_moment
from ceramic_protocol.reasons import Reason

_RFC3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+\u2212-])([0-9]{2}):([0-9]{2}))"
)
_UNIX: Final = re.compile("[+-]?[0-9]{1,25}")
_LEAP: Final = 60
_MAX_YEAR: Final = 262_142


class Moment(NamedTuple):
    """Unix milliseconds, and the text that ceramic-one puts into a message for them."""

    milliseconds: int
    text: str


def parse_moment(text: str) -> Moment:
    """A time in RFC 3339, or in unix seconds.

    Raises:
        DecodeError: `cacao_malformed`.
    """
    match = _RFC3339.fullmatch(text)
    if match is not None:
        return _parse_rfc3339(match)
    seconds = int(text) if _UNIX.fullmatch(text) else None
    if seconds is None or abs(seconds) > _MAX_YEAR * 366 * 86_400:
        raise _fail(text)
    moment = Moment(seconds * 1000, _format(seconds * 1000))
    if abs(split_moment(moment.milliseconds)[0][0]) > _MAX_YEAR:
        raise _fail(text)
    return moment


def _fail(text: str) -> DecodeError:
    return DecodeError(Reason.CACAO_MALFORMED, f"{text[:40]!r} is neither an RFC 3339 time nor unix seconds")


def _parse_rfc3339(match: re.Match[str]) -> Moment:
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    clock = Clock(int(match[4]), int(match[5]), int(match[6]), int((match[7] or "")[:3].ljust(3, "0")))
    offset = Clock(int(match[9] or 0), int(match[10] or 0), 0, 0)
    is_time = clock.hour < 24 and clock.minute < 60 and clock.second <= _LEAP
    if not (
        is_time and 1 <= month <= 12 and is_day(year, month, day) and offset.hour < 24 and offset.minute < 60
    ):
        raise _fail(match[0])
    moment = day_number(year, month, day) * DAY + clock.milliseconds
    moment -= offset.milliseconds if match[8] == "+" else -offset.milliseconds
    # A leap second is kept as the second before it with a second more.
    leap = clock.second == _LEAP
    return Moment(moment, _format(moment - 1000 * leap, leap=leap))


def _format(milliseconds: int, *, leap: bool = False) -> str:
    (year, month, day), clock = split_moment(milliseconds)
    shown = f"{year:04}" if 0 <= year <= 9999 else f"{year:+05}"
    seconds = clock.second + leap
    time = f"{clock.hour:02}:{clock.minute:02}:{seconds:02}.{clock.millisecond:03}"
    return f"{shown}-{month:02}-{day:02}T{time}Z"
