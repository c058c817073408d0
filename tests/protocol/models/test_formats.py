"""Formats, as ajv-formats defines them."""

from __future__ import annotations

import pytest

from ceramic_protocol.models.formats import TEXTS, text_format
from ceramic_protocol.models.schema import CompiledSchema
from tests.support.model_vectors import recorded

FORMATS = {case["format"]: case for case in recorded("formats")}


def checker(schema: dict[str, object]) -> CompiledSchema:
    compiled = CompiledSchema({"type": "object", "properties": {"v": schema}})
    assert compiled.unusable is None
    return compiled


def test_every_format_is_recorded() -> None:
    assert FORMATS.keys() == TEXTS


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_as_ajv_formats_does(name: str) -> None:
    compiled = checker({"type": "string", "format": name})
    for text in FORMATS[name]["valid"]:
        assert compiled.check({"v": text}) is None, text
    for text in FORMATS[name]["invalid"]:
        assert compiled.check({"v": text}) == f"/v: the value does not match format {name!r}", text


def test_formats_are_of_moderate_size() -> None:
    assert max(text_format(name).places for name in TEXTS) < 1000


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("int32", 2**31 - 1, True),
        ("int32", 2**31, False),
        ("int32", 1.5, False),
        ("int64", 2**53 - 1, True),
        ("int64", 0.5, False),
        ("float", 0.5, True),
        ("double", 1e300, True),
    ],
)
def test_formats_of_numbers(name: str, value: float, fits: bool) -> None:
    assert (checker({"type": "number", "format": name}).check({"v": value}) is None) is fits


@pytest.mark.parametrize(
    ("keyword", "limit", "value", "fits"),
    [
        ("formatMinimum", "2024-02-01", "2024-02-01", True),
        ("formatMinimum", "2024-02-01", "2024-01-31", False),
        ("formatExclusiveMinimum", "2024-02-01", "2024-02-01", False),
        ("formatMaximum", "2024-02-01", "2024-02-02", False),
        ("formatExclusiveMaximum", "2024-02-01", "2024-01-31", True),
        ("formatExclusiveMaximum", "2024-02-01", "2024-02-01", False),
    ],
)
def test_limits_of_dates(keyword: str, limit: str, value: str, fits: bool) -> None:
    compiled = checker({"type": "string", "format": "date", keyword: limit})
    assert (compiled.check({"v": value}) is None) is fits


def test_limits_of_times_ignore_the_zone() -> None:
    compiled = checker({"type": "string", "format": "date-time", "formatMinimum": "2024-01-01T12:00:00Z"})
    assert compiled.check({"v": "2024-01-01T12:00:00+09:00"}) is None
    assert compiled.check({"v": "2024-01-01T11:59:59-09:00"}) is not None
    assert compiled.check({"v": "2024-01-02 00:00:00Z"}) is None
