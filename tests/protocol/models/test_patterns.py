"""Regular expressions of ECMAScript on an engine whose time is linear."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.limits import MAX_PATTERN_CHARS, MAX_PATTERN_DEPTH
from ceramic_protocol.models.engine import is_found
from ceramic_protocol.models.patterns import Pattern, translate
from ceramic_protocol.reasons import Reason
from tests.support.model_vectors import recorded


def matches(pattern: Pattern, text: str) -> bool:
    return all(is_found(each, text) for each in pattern.found) and not any(
        is_found(each, text) for each in pattern.absent
    )


def test_as_javascript_does() -> None:
    """Where JavaScript has an answer it is ours, but for what looks around or back."""
    count: Counter[str] = Counter()
    for case in recorded("patterns"):
        try:
            pattern = translate(case["pattern"])
        except DecodeError as error:
            looks = "looks ahead" in error.detail or "refers back" in error.detail
            assert "error" in case or looks, case
            count["refused" if "error" in case else "looks around"] += 1
            continue
        assert "error" not in case, case
        for text in case["found"]:
            assert matches(pattern, text), case
        for text in case["lost"]:
            assert not matches(pattern, text), case
        count["equal"] += 1
    assert count["refused"] > 100
    assert count["equal"] > 300
    assert 0 < count["looks around"] < 50


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        (r"^\d+$", "٣", False),
        (r"^\w+$", "é", False),
        (r"^\s$", "\ufeff", True),
        (r"^\s$", "\u180e", False),
        (r"^.$", "\u2028", False),
        (r"^.$", "\x85", True),
        (r"a$", "a\n", False),
        (r"^\p{Script=Greek}+$", "λόγος", True),
        (r"^[a&&b]$", "&", True),
        (r"\bé", "é", False),
        (r"^\ud83d\ude00$", "😀", True),
        (r"^[\ud83d\ude00]$", "😀", True),
        (r"^(?=.*[A-Z])(?=.*[0-9]).{3,}$", "aB3", True),
        (r"^(?=.*[A-Z])(?=.*[0-9]).{3,}$", "ab3", False),
        (r"^(?!admin$)[a-z]+$", "admin", False),
        (r"^(?!admin$)[a-z]+$", "admins", True),
        (r"^(?<year>[0-9]{4})-(?<month>[0-9]{2})$", "2024-01", True),
    ],
)
def test_meaning(source: str, text: str, expected: bool) -> None:
    assert matches(translate(source), text) is expected


@pytest.mark.parametrize(
    "source",
    [
        *(["[", "(", ")", "a**", "a{2,1}", r"\_", r"\-", r"\1", r"(a)\1", r"\k<n>(?<n>a)", "(?i:a)"]),
        *(["a(?=b)", "(?<=a)b", "(?<n>a)(?<n>b)", r"\p{letter}", r"\p{L", r"\u{110000}", "[z-a]"]),
        *([r"[\d-z]", "{", "]", "^(?=a)b|c", r"\c1", r"\x4", r"\u12", "(?", "[^", "^*", r"\b+"]),
    ],
)
def test_refused(source: str) -> None:
    with pytest.raises(DecodeError) as caught:
        translate(source)
    assert caught.value.reason is Reason.SCHEMA_VIOLATION


def test_bounds() -> None:
    with pytest.raises(DecodeError, match=r"expression of \d+ characters"):
        translate("a" * (MAX_PATTERN_CHARS + 1))
    nested = "(" * (MAX_PATTERN_DEPTH + 1) + "a" + ")" * (MAX_PATTERN_DEPTH + 1)
    with pytest.raises(DecodeError, match="nested deeper"):
        translate(nested)
    assert translate(nested[1:-1])


def test_repetitions_count() -> None:
    assert translate("[ab]{10}c").places == 11
    assert translate("(?:[ab]{10}){10}").places == 100
    assert translate("a{3,}").places == 4
    assert translate(r"\p{L}").size > translate("é").size


@pytest.mark.parametrize("source", ["^(a+)+$", "^(a|a)*$", "^(?:a?){50}a{50}$", "(.*)*x"])
def test_no_text_takes_long(source: str) -> None:
    started = time.thread_time()
    matches(translate(source), "a" * 20_000 + "b")
    assert time.thread_time() - started < 20


@given(st.text(st.sampled_from("ab^$\\()[]{}|?*+.<=!:-,01dwsbBpPuxk/é"), max_size=30), st.text(max_size=8))
def test_any_text_is_a_pattern_or_an_error(source: str, text: str) -> None:
    try:
        matches(translate(source), text)
    except DecodeError as error:
        reason = error.reason
    else:
        return
    assert reason is Reason.SCHEMA_VIOLATION
