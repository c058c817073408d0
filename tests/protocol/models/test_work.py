"""Bounds on the work of checking a document."""

from __future__ import annotations

from typing import Any

import pytest

from ceramic_protocol.limits import MAX_SCHEMA_STATES
from ceramic_protocol.models.graph import Graph
from ceramic_protocol.models.references import References
from ceramic_protocol.models.rewrite import rewrite
from ceramic_protocol.models.work import Work


def work(schema: dict[str, Any]) -> Work:
    return Work(Graph(rewrite(schema, References(schema)).nodes))


def cost(schema: dict[str, Any], value: object) -> int:
    """The bound itself, found by halving."""
    judge = work(schema)
    judge._per_char = None
    low, high = 0, 1 << 24
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if judge.is_within(middle, value, 0) else (middle + 1, high)
    return low


TEXT = {"type": "string", "maxLength": 100}


def test_each_value_and_each_schema_for_it_counts() -> None:
    array = {"type": "array", "items": TEXT}
    one = cost(array, ["a"])
    assert cost(array, ["a"] * 10) - cost(array, ["a"] * 9) == cost(array, ["a"] * 2) - one == 1
    assert cost({"type": "array", "items": {"allOf": [TEXT, TEXT]}}, ["a"]) == one + 2


def test_texts_count_by_length_and_by_pattern() -> None:
    assert cost(TEXT, "a" * 2000) - cost(TEXT, "") == 100
    slow = {"type": "string", "pattern": "^[ab]{50}$"}
    assert cost(slow, "a" * 2000) > 50 * cost(TEXT, "a" * 2000) // 2
    assert cost({"type": "array", "items": {}}, ["a" * 2000]) < 5


def test_only_schemas_that_apply_count() -> None:
    schema = {"type": "object", "properties": {"a": TEXT, "b": {"type": "array", "items": TEXT}}}
    assert cost(schema, {"a": "x", "z": ["x"] * 1000}) == cost(schema, {"a": "x"})
    assert cost(schema, {"b": ["x"] * 1000}) > 1000
    pair = {"type": "array", "prefixItems": [{"type": "array", "items": TEXT}, True], "items": False}
    assert cost(pair, [["x"] * 100, ["x"] * 100]) < cost(pair, [["x"] * 100]) + 5


def test_names_of_properties_count() -> None:
    schema = {"type": "object", "propertyNames": TEXT}
    assert cost(schema, {"a" * 2000: 1}) > 100


def test_a_recursion_counts_as_often_as_it_is_entered() -> None:
    once = {"type": "object", "properties": {"x": {"$ref": "#"}}}
    twice = {"type": "object", "properties": {"x": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}
    value: Any = {}
    for _ in range(10):
        value = {"x": value}
    assert cost(once, value) < 100
    assert cost(twice, value) > 1 << 10


def test_the_short_bound_is_never_below_the_long_one() -> None:
    schema = {"type": "object", "properties": {"a": TEXT, "b": {"$ref": "#/$defs/B"}}, "$defs": {"B": TEXT}}
    judge = work(schema)
    for value, size in (({"a": "x" * 100, "b": "y" * 100}, 220), ({}, 2)):
        assert judge._per_char is not None
        assert cost(schema, value) <= judge._per_char * size


def test_states_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"type": "object", "properties": {f"p{n}": {"maxLength": n} for n in range(50)}}
    judge = work(schema)
    judge._per_char = None
    monkeypatch.setattr("ceramic_protocol.models.work.MAX_SCHEMA_STATES", 10)
    assert MAX_SCHEMA_STATES > 10
    value = {f"p{n}": "x" for n in range(50)}
    assert judge.is_within(1000, value, 0)
    assert len(judge._states) <= 10
    assert judge.is_within(1000, value, 0)
