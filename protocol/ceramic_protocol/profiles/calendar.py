"""Days of the Gregorian calendar for every year, before 1 and after 9999 too, which `datetime` lacks."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

DAY: Final = 86_400_000
"""Milliseconds of a day."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146_097
_SOME_CYCLE: Final = 2000
_UNITS: Final = ((3_600_000, 24), (60_000, 60), (1000, 60), (1, 1000))


class Clock(NamedTuple):
    """A time of the day."""

    hour: int
    minute: int
    second: int
    millisecond: int

    @property
    def milliseconds(self) -> int:
        """Since midnight."""
        return sum(number * unit for number, (unit, _) in zip(self, _UNITS, strict=True))


def day_number(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to the first of a month, and on to its `day`, which may lie behind its end."""
    # The calendar repeats itself every 400 years.
    cycles, rest = divmod(year - _SOME_CYCLE, _CYCLE_YEARS)
    first = date(_SOME_CYCLE + rest, month, 1).toordinal() - _EPOCH
    return first + cycles * _CYCLE_DAYS + day - 1


def is_day(year: int, month: int, day: int) -> bool:
    """Whether a month, 1 to 12, has that day."""
    following = (year, month + 1) if month < 12 else (year + 1, 1)
    return 1 <= day <= day_number(*following, 1) - day_number(year, month, 1)


def split_moment(milliseconds: int) -> tuple[tuple[int, int, int], Clock]:
    """Year, month and day, and time of the day, of a unix millisecond."""
    days, rest = divmod(milliseconds, DAY)
    cycles, days = divmod(days - day_number(_SOME_CYCLE, 1, 1), _CYCLE_DAYS)
    day = date.fromordinal(_EPOCH + day_number(_SOME_CYCLE, 1, 1) + days)
    numbers = [rest // unit % limit for unit, limit in _UNITS]
    return (day.year + cycles * _CYCLE_YEARS, day.month, day.day), Clock(*numbers)
