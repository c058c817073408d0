"""Ordinary schemas and documents, by another implementation of JSON Schema."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ceramic_protocol.models.schema import CompiledSchema
from tests.support import strategies

NAMES = st.sampled_from(["a", "b", "c"])
numbers = st.one_of(st.integers(-5, 5), st.sampled_from([0.5, 1.0, -1.5]))
texts = st.text("ab😀", max_size=5)


def _with(kind: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=dict(parts))


leaves = st.one_of(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, {"type": ["string", "null"]}]),
    _with(
        "string",
        maxLength=st.integers(0, 4),
        minLength=st.integers(0, 3),
        enum=st.lists(texts, min_size=1, max_size=4, unique=True),
        const=texts,
    ),
    _with("integer", minimum=numbers, maximum=numbers, exclusiveMinimum=numbers),
    _with("number", minimum=numbers, exclusiveMaximum=numbers, multipleOf=st.sampled_from([1, 2, 0.5])),
)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, inner, max_size=3))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    limits: st.SearchStrategy[dict[str, int]] = st.sampled_from(
        [{}, {"minProperties": 1}, {"maxProperties": 1}]
    )
    schema = {"type": "object", "properties": properties, "additionalProperties": False, "required": required}
    return {**schema, **draw(limits)}


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arrays = _with(
        "array",
        items=inner,
        maxItems=st.integers(0, 3),
        minItems=st.integers(0, 2),
        uniqueItems=st.booleans(),
        contains=inner,
    )
    alternatives = st.lists(inner, min_size=1, max_size=3)
    mixed = st.one_of(
        *(st.fixed_dictionaries({keyword: alternatives}) for keyword in ("allOf", "anyOf", "oneOf")),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}),
    )
    return st.one_of(arrays, objects(inner), mixed)


schemas = st.recursive(leaves, _compound, max_leaves=6)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, strategies.json_scalars),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@given(objects(schemas), st.lists(values, max_size=4), st.data())
def test_agrees_on_ordinary_schemas(schema: dict[str, Any], contents: list[Any], data: st.DataObject) -> None:
    compiled = CompiledSchema(schema)
    assert compiled.unusable is None
    oracle = Draft202012Validator(schema)
    made = {name: data.draw(values) for name in schema["properties"]}
    for content in [*contents, {}, made]:
        assert (compiled.check(content) is None) == oracle.is_valid(content), content
