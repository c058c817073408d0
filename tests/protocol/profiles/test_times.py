"""Times as the references read them; the answers are those of V8 and chrono 0.4.38."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.profiles.calendar import DAY, day_number, is_day, split_moment
from ceramic_protocol.profiles.js_time import parse_date
from ceramic_protocol.profiles.rust_time import parse_moment

DATES: Final[Mapping[str, int | None]] = {
    "2024-06-01T00:00:00.000Z": 1_717_200_000_000,
    "2024-06-01t00:00:00z": 1_717_200_000_000,
    "2024-06-01 00:00:00Z": 1_717_200_000_000,
    "2024-06-01T00:00": 1_717_200_000_000,
    "2024-06-01": 1_717_200_000_000,
    "2024-06": 1_717_200_000_000,
    "2024": 1_704_067_200_000,
    "2024-06-01T00:00:00-0230": 1_717_209_000_000,
    "2024-06-01T00:00:00+23:59": 1_717_113_660_000,
    "2024-06-01T00:00:00+24:00": None,
    "2024-06-01T00:00:00+00:60": None,
    "2024-02-30T00:00:00Z": 1_709_251_200_000,
    "2024-06-32": None,
    "2024-13-01": None,
    "2024-06-00": None,
    "2024-06-01T24:00:00Z": 1_717_286_400_000,
    "2024-06-01T24:00:00.001Z": None,
    "2024-06-01T23:59:60Z": None,
    "2024-06-01T00:00:00.123456789Z": 1_717_200_000_123,
    "1969-12-31T23:59:59.9999Z": -1,
    "2024-06-01T00:00:00.Z": None,
    "2024-06-01T00Z": None,
    " 2024-06-01": None,
    "+012024-06-01T00:00:00Z": 317_286_720_000_000,
    "-000001-06-01T00:00:00Z": -62_185_708_800_000,
    "-000000-06-01T00:00:00Z": None,
    "0000-01-01T00:00:00Z": -62_167_219_200_000,
    "+275760-09-13T00:00:00.000Z": 8_640_000_000_000_000,
    "+275760-09-13T00:00:00.001Z": None,
    "never": None,
    "1717200000": None,
    "２０２４-06-01T00:00:00Z": None,  # noqa: RUF001  # digits that JavaScript doesn't know
}


@pytest.mark.parametrize("text", DATES)
def test_dates(text: str) -> None:
    assert parse_date(text) == DATES[text]


MOMENTS: Final[Mapping[str, tuple[int, str] | None]] = {
    "2024-06-01 00:00:00Z": (1_717_200_000_000, "2024-06-01T00:00:00.000Z"),
    "2024-06-01t00:00:00.9999z": (1_717_200_000_999, "2024-06-01T00:00:00.999Z"),
    "2024-06-01T23:59:60.5Z": (1_717_286_400_500, "2024-06-01T23:59:60.500Z"),
    "2024-06-01T00:00:00−02:00": (1_717_207_200_000, "2024-06-01T02:00:00.000Z"),  # noqa: RUF001  # a real minus
    "9999-12-31T23:59:59-00:01": (253_402_300_859_000, "+10000-01-01T00:00:59.000Z"),
    "0001-01-01T00:00:00+00:01": (-62_135_596_860_000, "0000-12-31T23:59:00.000Z"),
    "-5": (-5000, "1969-12-31T23:59:55.000Z"),
    "+1717200000": (1_717_200_000_000, "2024-06-01T00:00:00.000Z"),
    "-99999999999": (-99_999_999_999_000, "-1199-02-15T14:13:21.000Z"),
    "1717200000000": (1_717_200_000_000_000, "+56385-11-26T00:00:00.000Z"),
    "99999999999999": None,
    "9" * 30: None,
    "2024-06-01T00:00:00": None,
    "2024-06-01T00:00Z": None,
    "2024-06-01T24:00:00Z": None,
    "2024-06-01T00:00:61Z": None,
    "2024-06-01T00:00:00+0200": None,
    "2024-06-01T00:00:00+24:00": None,
    "2024-06-01T00:00:00+00:60": None,
    "2024-02-30T00:00:00Z": None,
    "2024-13-01T00:00:00Z": None,
    "never": None,
    "": None,
}


@pytest.mark.parametrize("text", MOMENTS)
def test_moments(text: str) -> None:
    expected = MOMENTS[text]
    if expected is None:
        with pytest.raises(DecodeError, match="cacao_malformed"):
            parse_moment(text)
    else:
        assert parse_moment(text) == expected


@given(st.datetimes(timezones=st.just(UTC)))
def test_both_read_what_python_writes(moment: datetime) -> None:
    text = moment.isoformat(timespec="milliseconds")
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert parse_date(text) == expected
    assert parse_moment(text) == (expected, text.replace("+00:00", "Z"))


@given(st.integers(-8_640_000_000_000_000, 8_640_000_000_000_000))
def test_the_calendar_there_and_back(milliseconds: int) -> None:
    (year, month, day), clock = split_moment(milliseconds)
    assert is_day(year, month, day)
    assert day_number(year, month, day) * DAY + clock.milliseconds == milliseconds


@pytest.mark.parametrize(
    ("year", "month", "last"),
    [(2024, 2, 29), (2023, 2, 28), (1900, 2, 28), (0, 2, 29), (-4, 2, 29), (2024, 12, 31)],
)
def test_the_last_day_of_a_month(year: int, month: int, last: int) -> None:
    assert is_day(year, month, last)
    assert not is_day(year, month, last + 1)
    assert not is_day(year, month, 0)
