"""Schemas and documents that are made to take time or memory: refused, or done quickly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.limits import MAX_SCHEMA_DEPTH
from ceramic_protocol.models.definition import parse_model
from ceramic_protocol.models.metaschema import schema_error
from ceramic_protocol.models.schema import CompiledSchema
from ceramic_protocol.reasons import Reason
from tests.support import strategies

SECONDS = 20
"""Of our own computing, whatever else the machine does. Generous: the slowest here takes one."""

Answer = TypeVar("Answer")


def closed(properties: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def in_time(call: Callable[[], Answer]) -> Answer:
    started = time.thread_time()
    answer = call()
    assert time.thread_time() - started < SECONDS
    return answer


def chain(length: int, keyword: str = "allOf") -> dict[str, Any]:
    """Each definition asks twice for the next one."""
    definitions = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(length)}
    return closed(
        {"x": {"$ref": "#/$defs/d0"}}, **{"$defs": {**definitions, f"d{length}": {"type": "string"}}}
    )


def nested(depth: int, inner: object) -> Any:
    value = inner
    for _ in range(depth):
        value = {"x": value}
    return value


def left_over(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    for _ in range(depth):
        schema = {"type": "object", "allOf": [schema], "unevaluatedProperties": {"type": "string"}}
    return closed({"x": schema})


def deep(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return closed({"x": schema})


LETTERS = {"type": "string", "pattern": r"^[\p{L}\s]{1,200}$"}
MANY = closed({f"p{n}": {"$ref": "#/$defs/d"} for n in range(1000)})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (chain(40), "schemas for one value"),
        (chain(40, "anyOf"), "schemas for one value"),
        (left_over(20), "schemas for one value"),
        (left_over(3), "schemas for one value"),
        (
            closed({"x": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}}),
            "without end",
        ),
        (closed({"x": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"$ref": "#/$defs/a"}}}), "a circle"),
        (closed({}, **{"$ref": "#"}), "without end"),
        (deep(MAX_SCHEMA_DEPTH), "nested deeper"),
        (closed({f"p{n}": LETTERS for n in range(10)}), "more than 33554432 bytes"),
        (closed({"x": {"type": "string", "pattern": "(?:a{1000}){1000}"}}), "regular expressions that take"),
        (closed({"x": {"type": "string", "pattern": r"\p{L}{400}"}}), "the validator refuses it"),
        (
            {**MANY, "$defs": {"d": closed({f"q{n}": {"type": "string"} for n in range(100)})}},
            "more than 20000",
        ),
    ],
)
def test_unusable(schema: dict[str, Any], words: str) -> None:
    compiled = in_time(lambda: CompiledSchema(schema))
    assert compiled.unusable is not None
    assert words in compiled.unusable


TWICE = closed({"x": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}})
EITHER = closed({"x": {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}})
EITHER["$defs"] = {name: dict(EITHER) for name in "ab"}


@pytest.mark.parametrize("schema", [TWICE, EITHER])
def test_a_schema_that_doubles_with_the_depth(schema: dict[str, Any]) -> None:
    compiled = CompiledSchema(schema)
    assert compiled.unusable is None
    assert in_time(lambda: compiled.check(nested(15, {"y": 1}))) is not None
    for inner in ({}, {"y": 1}):
        found = in_time(lambda inner=inner: compiled.check(nested(200, inner)))  # type: ignore[misc]
        assert found == "checking it takes more work than 16000000"


def test_a_usual_recursion_is_no_problem() -> None:
    schema = closed({"text": {"type": "string"}, "replies": {"type": "array", "items": {"$ref": "#"}}})

    def thread(depth: int) -> dict[str, Any]:
        return {"text": "hello", "replies": [thread(depth - 1) for _ in range(3)] if depth else []}

    compiled = CompiledSchema(schema)
    assert in_time(lambda: compiled.check(thread(6))) is None
    assert in_time(lambda: compiled.check({"replies": [{"text": 1}]})) is not None


def test_many_values_times_many_schemas() -> None:
    schema = closed({"x": {"type": "array", "items": {"allOf": [{"type": "string"}] * 1500}}})
    compiled = CompiledSchema(schema)
    assert in_time(lambda: compiled.check({"x": ["a"] * 100})) is None
    assert in_time(lambda: compiled.check({"x": ["a"] * 100_000})) is not None


def test_many_patterns_times_many_keys() -> None:
    schema = closed({}, patternProperties={f"^p{n}x": {"type": "string"} for n in range(1000)})
    compiled = CompiledSchema(schema)
    assert compiled.unusable is None
    assert in_time(lambda: compiled.check({f"k{n}": "x" for n in range(20_000)})) is not None


def test_a_pattern_that_keeps_many_places() -> None:
    compiled = CompiledSchema(closed({"x": {"type": "string", "pattern": "a[ab]{1000}c"}}))
    text = "abbabaab" * 30_000
    assert in_time(lambda: compiled.check({"x": text})) == "the content does not fit"
    assert in_time(lambda: compiled.check({"x": text * 2})) == "checking it takes more work than 16000000"


def test_one_keyword_for_what_is_left() -> None:
    compiled = CompiledSchema(left_over(1))
    assert compiled.unusable is None
    assert in_time(lambda: compiled.check({"x": {f"a{n}": "b" for n in range(20_000)}})) is None


@given(strategies.ipld)
def test_any_content_is_a_model_or_an_error(content: Any) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_model(content)
    assert caught.value.reason is Reason.MODEL_INVALID


NAMES = (
    "type properties items allOf anyOf not if then $ref $defs required enum pattern format maxLength minimum "
    "additionalProperties patternProperties nullable prefixItems contains uniqueItems dependencies $id "
    "$async propertyNames const"
)
KEYWORDS = st.sampled_from(NAMES.split())
SCALARS = st.one_of(
    st.sampled_from(["object", "string", "array", "#", "#/$defs/a", "date", "a", "^a", "(?=", True, False]),
    st.integers(-2, 5),
    st.none(),
)
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(KEYWORDS, st.just("a")), inner, max_size=4),
    ),
    max_leaves=15,
)


@given(st.dictionaries(KEYWORDS, SCHEMAS, max_size=6), strategies.ipld)
def test_any_schema_and_any_content_give_words(schema: dict[str, Any], content: Any) -> None:
    if schema_error(schema) is None:
        compiled = CompiledSchema(schema)
        found = compiled.check(content)
        assert found is None or isinstance(found, str)
        assert compiled.unusable is None or found == compiled.unusable


def test_deep_documents_don_t_exhaust_the_stack() -> None:
    """The validator takes much more of it to describe an error in alternatives than to find one."""
    length = 14
    definitions: dict[str, Any] = {
        f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"type": "string"}]} for n in range(length)
    }
    definitions[f"d{length}"] = closed({"x": {"$ref": "#/$defs/d0"}})
    compiled = CompiledSchema(closed({"x": {"$ref": "#/$defs/d0"}}, **{"$defs": definitions}))
    assert compiled.unusable is None
    assert compiled.check(nested(223, {})) is None
    assert compiled.check(nested(223, 1)) == "the content does not fit"
    assert (compiled.check(nested(2, 1)) or "").startswith("/x: ")
