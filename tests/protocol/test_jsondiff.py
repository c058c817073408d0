"""Patches from two contents: they lead from one to the other, by our rules and by RFC 6902."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.jsondiff import patch_between
from ceramic_protocol.jsonpatch import apply_patch, same_json

NAMES = st.sampled_from(["a", "b", "a/b", "m~n", "0", "1", "-", ""])
LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", 0.5])
CONTENTS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
MAPS = st.dictionaries(NAMES, CONTENTS, max_size=4)


@given(MAPS, MAPS)
def test_the_patch_leads_from_one_content_to_the_other(before: Any, after: Any) -> None:
    kept = copy.deepcopy((before, after))
    patch: Any = patch_between(before, after)
    assert same_json(apply_patch(before, patch), after)
    assert same_json(jsonpatch.apply_patch(before, patch), after)
    assert (before, after) == kept


@given(CONTENTS, CONTENTS)
def test_any_content_can_take_the_place_of_any_other(before: Any, after: Any) -> None:
    patch: Any = patch_between(before, after)
    assert same_json(apply_patch(before, patch), after)
    assert (patch == []) is same_json(before, after)


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({}, {"text": "x"}, [{"op": "add", "path": "/text", "value": "x"}]),
        ({"n": 1}, {"n": 1.0}, []),
        ({"n": 1}, {"n": True}, [{"op": "replace", "path": "/n", "value": True}]),
        ({"b": {"c": 1, "d": 2}}, {"b": {"c": 1}}, [{"op": "remove", "path": "/b/d"}]),
        ({"l": [1, 2, 3]}, {"l": [1]}, [{"op": "remove", "path": "/l/2"}, {"op": "remove", "path": "/l/1"}]),
        ({"l": [1, 2]}, {"l": [1, 2, 3]}, [{"op": "add", "path": "/l/2", "value": 3}]),
        ({"v": [1]}, {"v": {"0": 1}}, [{"op": "replace", "path": "/v", "value": {"0": 1}}]),
        ({"a/b": 1, "m~n": 1}, {"a/b": 2, "m~n": 1}, [{"op": "replace", "path": "/a~1b", "value": 2}]),
        ({"a": 1}, None, [{"op": "replace", "path": "", "value": None}]),
    ],
)
def test_only_what_differs_is_in_the_patch(before: Any, after: Any, patch: list[object]) -> None:
    assert patch_between(before, after) == patch


def test_contents_may_be_nested_deeply() -> None:
    before: Any = 1
    after: Any = 2
    for _ in range(5_000):
        before, after = [before], [after]
    (operation,) = patch_between(before, after)
    assert operation["path"] == "/0" * 5_000
