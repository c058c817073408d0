"""Times as JavaScript's `Date.parse` reads them (ECMA-262 21.4.1.32; V8)."""

from __future__ import annotations

import re
from typing import Final

from ceramic_protocol.profiles.calendar import DAY, Clock, day_number

_ISO: Final = re.compile(
    r"([0-9]{4}|\+[0-9]{6}|-(?!000000)[0-9]{6})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)
_LATEST: Final = 8_640_000_000_000_000


def parse_date(text: str) -> int | None:
    """Unix milliseconds; None for what JavaScript calls NaN, with which nothing is earlier or later.

    Without an offset it is taken as UTC, which is the local time of servers. What V8 reads beside the
    standard's form, such as `June 1 2024` or `1`, is NaN here: nobody writes that in a capability.
    """
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    clock = Clock(
        int(match[4] or 0), int(match[5] or 0), int(match[6] or 0), int((match[7] or "0")[:3].ljust(3, "0"))
    )
    offset = _offset(match[8], match[9], match[10])
    # V8 lets every month have 31 days, and goes on into the next.
    if offset is None or not (1 <= month <= 12 and 1 <= day <= 31 and _is_time(clock)):
        return None
    moment = day_number(year, month, day) * DAY + clock.milliseconds - offset
    return moment if abs(moment) <= _LATEST else None


def _is_time(clock: Clock) -> bool:
    if clock.hour == 24:
        return clock.milliseconds == DAY
    return clock.hour < 24 and clock.minute < 60 and clock.second < 60


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> int | None:
    """Milliseconds to take off; None for an offset that there isn't."""
    if sign is None:
        return 0
    clock = Clock(int(hours or 0), int(minutes or 0), 0, 0)
    if clock.hour > 23 or clock.minute > 59:
        return None
    return clock.milliseconds if sign == "+" else -clock.milliseconds
