"""Text from outside on a terminal or page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.plain_text import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("数据, café ✏", "数据, café ✏"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("two\r\nlines\t", r"two\r\nlines\t"),
        ("\u202egnol", r"\u202egnol"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert plain(text, len(shown)) == shown
    assert plain(text, len(shown) - 1) == shown[: len(shown) - 2] + "…"


@given(st.text(st.characters()), st.integers(1, 20))
def test_a_limit_holds_for_what_is_shown(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    assert shown in (plain(text), plain(text)[: limit - 1] + "…")
