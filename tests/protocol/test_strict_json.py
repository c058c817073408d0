"""JSON from outside: nesting is counted however its texts end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import strict_json
from ceramic_protocol.limits import MAX_JSON_DEPTH

_DEEP = b"[" * 3_000 + b"]" * 3_000


@pytest.mark.parametrize("text", ["", "\\", "\\\\", '"', '\\"', "[", "\\[", "é\\"])
@pytest.mark.parametrize("depth", [MAX_JSON_DEPTH, MAX_JSON_DEPTH + 1, 3_000])
def test_nesting_is_counted_behind_any_text(text: str, depth: int) -> None:
    before = json.dumps(text).encode()
    data = b"[" + before + b"," + b"[" * (depth - 1) + b"]" * (depth - 1) + b"," + before + b"]"
    if depth <= MAX_JSON_DEPTH:
        assert strict_json.load(data) == json.loads(data)
        return
    with pytest.raises(ValueError, match="nested deeper"):
        strict_json.load(data)


@given(st.lists(st.text(st.sampled_from('\\"[]{}a'), max_size=6), max_size=8))
def test_signs_within_texts_are_no_nesting(texts: list[str]) -> None:
    data = json.dumps([*texts, "[" * 2 * MAX_JSON_DEPTH]).encode()
    assert strict_json.load(data) == json.loads(data)
    with pytest.raises(ValueError, match="nested deeper"):
        strict_json.load(b"[%b,%b]" % (json.dumps(texts).encode(), _DEEP))
