"""Documents against schemas, as ajv 8 has it in strict mode."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.js_numbers import js_numbers
from ceramic_protocol.limits import MAX_CACHED_SCHEMAS, MAX_WORDS_CHARS
from ceramic_protocol.models import schema as module
from ceramic_protocol.models.differences import DIFFERENCES
from ceramic_protocol.models.metaschema import schema_error
from ceramic_protocol.models.schema import CompiledSchema, ModelSchema
from tests.support.model_vectors import UNUSABLE, difference, recorded


def closed(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def check(schema: dict[str, Any], content: object) -> str | None:
    compiled = CompiledSchema(schema)
    assert compiled.unusable is None
    return compiled.check(content)


def test_the_meta_schema_refuses_what_it_refuses_in_ajv() -> None:
    for case in recorded("schemas"):
        assert (schema_error(js_numbers(case["schema"])) is None) == (case["meta"] is None), case


def test_every_recorded_schema() -> None:
    """Usable or not, and each content, as in ajv, but for differences that have a name."""
    count: Counter[str] = Counter()
    for case in recorded("schemas"):
        if case["meta"] is not None:
            continue
        compiled = CompiledSchema(ModelSchema.of(js_numbers(case["schema"])).value)
        if case["unusable"] is not None:
            assert compiled.unusable is not None, case
            count["unusable"] += 1
        elif compiled.unusable is not None:
            name = difference(compiled.unusable)
            assert name in DIFFERENCES, (case["schema"], compiled.unusable)
            count[name] += 1
        else:
            count["usable"] += 1
            for content, error in case["cases"]:
                if (compiled.check(content) is None) == (error is None):
                    count["equal"] += 1
                else:
                    assert "unevaluated" in str(case["schema"]), (case["schema"], content, error)
                    count["unevaluated"] += 1
    assert count["unusable"] > 200
    assert count["usable"] > 200
    assert count["equal"] > 1500
    assert count["unevaluated"] < 20


def test_differences_have_names() -> None:
    assert set(UNUSABLE.values()) <= DIFFERENCES.keys()


@pytest.mark.parametrize(
    "schema",
    [
        closed(a={"type": "string", "foo": 1}),
        closed(a={"type": "string", "format": "nope"}),
        closed(a={"maxLength": 3}),
        closed(a={"type": ["string", "number"]}),
        closed(a={"type": "string", "minimum": 1}),
        closed(a={"$ref": "#/$defs/none"}),
        closed(a={"$ref": "https://example.com/schema"}),
        closed(a={"$ref": "https://json-schema.org/draft/2020-12/schema"}),
        closed(a={"type": "string", "pattern": "["}),
        closed(a={"type": "array", "prefixItems": [{"type": "string"}]}),
        closed(a={"type": "string", "enum": []}),
        {**closed(a={"type": "string"}), "required": ["b"]},
        {**closed(a={"type": "string"}), "anyOf": [{"required": ["a"]}]},
        {**closed(a={"type": "string"}), "$async": True},
    ],
)
def test_unusable(schema: dict[str, Any]) -> None:
    compiled = CompiledSchema(schema)
    assert compiled.unusable is not None
    assert compiled.check({"a": "x"}) == compiled.check({}) == compiled.unusable


def test_unused_definitions_are_not_looked_at() -> None:
    schema = {**closed(a={"type": "string"}), "$defs": {"X": {"type": "string", "foo": 1}}}
    assert check(schema, {"a": "x"}) is None


def test_required_finds_names_where_ajv_does() -> None:
    parts = [{"properties": {"a": {"type": "string"}}}, {"required": ["a"]}]
    assert CompiledSchema({"type": "object", "allOf": parts}).unusable is None
    assert CompiledSchema({"type": "object", "allOf": parts[::-1]}).unusable is not None


def test_numbers() -> None:
    schema = closed(n={"type": "integer"}, m={"type": "number", "multipleOf": 0.1})
    assert check(schema, {"n": 1.0}) is None
    assert check(schema, {"n": 1.5}) == '/n: the value is not of type "integer"'
    assert check(schema, {"m": 0.2}) is None
    assert check(schema, {"m": 0.3}) == "/m: the value is no multiple of 0.1"
    assert check(closed(n={"const": 1}), {"n": True}) is not None


def test_large_integers_are_refused_whatever_the_schema_says() -> None:
    for schema in (closed(n={"type": "integer"}), closed(n={})):
        assert check(schema, {"n": 2**53 - 1}) is None
        assert check(schema, {"n": 2**53}) == f"the whole number {2**53} is beyond those of JavaScript"
        assert check(schema, {"n": float(2**53)}) is None


def test_bytes_and_links_are_what_they_are_in_dag_json() -> None:
    schema = closed(b={"type": "object", "properties": {"/": {}}, "additionalProperties": False})
    assert check(schema, {"b": b"x"}) is None
    assert check(schema, {"b": Cid.of(b"x")}) is None
    assert check(closed(b={"type": "string"}), {"b": b"x"}) is not None


def test_strings_are_counted_in_code_points() -> None:
    schema = closed(s={"type": "string", "maxLength": 2})
    assert check(schema, {"s": "😀😀"}) is None
    assert check(schema, {"s": "😀😀😀"}) == "/s: the value is longer than 2 characters"


def test_nullable() -> None:
    schema = closed(s={"type": "string", "nullable": True})
    assert check(schema, {"s": None}) is None
    assert check(schema, {"s": 1}) is not None


def test_words_name_the_place_and_are_short() -> None:
    schema = closed(**{"a/b": {"type": "array", "items": closed(c={"type": "string", "pattern": "^x$"})}})
    assert check(schema, {"a/b": [{}, {"c": "y"}]}) == "/a~1b/1/c: the value does not match pattern '^x$'"
    words = check(closed(), {"k" * 5000: 1})
    assert words is not None
    assert len(words) == MAX_WORDS_CHARS


def test_the_order_of_members_is_kept() -> None:
    """In strict mode ajv's answer hangs on it."""
    hanging = {"dependentSchemas": {"x": {"required": ["b"]}}}
    one = {**closed(a={"type": "string"}, b={"type": "string"}), **hanging}
    other = {**closed(b={"type": "string"}, a={"type": "string"}), **hanging}
    assert CompiledSchema(ModelSchema.of(one).value).unusable is None
    assert CompiledSchema(ModelSchema.of(other).value).unusable is not None


def test_a_schema_travels_and_is_compiled_once_where_it_arrives() -> None:
    schema = ModelSchema.of(closed(a={"type": "string"}))
    arrived = pickle.loads(pickle.dumps(schema))
    assert arrived == schema
    assert arrived.check({"a": "x"}) is None
    assert arrived.compiled() is schema.compiled()


def test_the_cache_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE", module._Cache())
    first = ModelSchema.of(closed(a={"type": "string"}))
    compiled = first.compiled()
    for number in range(MAX_CACHED_SCHEMAS):
        ModelSchema.of(closed(a={"type": "string", "maxLength": number})).compiled()
    assert first.compiled() is not compiled
    monkeypatch.setattr(module, "MAX_CACHED_SCHEMA_BYTES", 1)
    assert first.compiled().check({}) is None
