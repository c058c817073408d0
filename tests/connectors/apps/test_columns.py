"""From definitions to columns: kinds, names, and what to make of definitions that make no sense."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.apps import Column, Kind, Relation, plan_table
from ceramic_connectors.apps.columns import OWN_NAMES
from ceramic_connectors.apps.kinds import Unfit, fit
from ceramic_connectors.apps.naming import MAX_NAME_BYTES, column_names, snake_case, table_name
from ceramic_connectors.apps.schema_kinds import kind_of
from ceramic_protocol.limits import MAX_TABLE_FIELDS
from tests.support import corpus
from tests.support.apps import definition, model_id

MODEL = model_id("m")
ROOT = {
    "$defs": {
        "Text": {"type": "string", "maxLength": 3},
        "Again": {"$ref": "#/$defs/Text"},
        "Circle": {"$ref": "#/$defs/Circle"},
        "a/b~c": {"type": "integer"},
    }
}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, Kind.TEXT),
        ({"type": "string", "format": "date-time"}, Kind.TEXT),
        ({"type": "integer"}, Kind.BIGINT),
        ({"type": "number"}, Kind.DOUBLE),
        ({"type": "boolean"}, Kind.BOOLEAN),
        ({"type": "object"}, Kind.JSON),
        ({"type": "array"}, Kind.JSON),
        ({"type": "null"}, Kind.JSON),
        ({"type": ["string", "null"]}, Kind.TEXT),
        ({"type": ["integer", "number", "null"]}, Kind.DOUBLE),
        ({"type": ["string", "integer"]}, Kind.JSON),
        ({"type": "string", "nullable": True}, Kind.TEXT),
        ({"$ref": "#/$defs/Text"}, Kind.TEXT),
        ({"$ref": "#/$defs/Again"}, Kind.TEXT),
        ({"$ref": "#/$defs/a~1b~0c"}, Kind.BIGINT),
        ({"$ref": "#/$defs/Circle"}, Kind.JSON),
        ({"$ref": "#/$defs/Nothing"}, Kind.JSON),
        ({"$ref": "other.json"}, Kind.JSON),
        ({"$ref": "#/$defs/Text/maxLength/x"}, Kind.JSON),
        ({"$ref": 3}, Kind.JSON),
        ({"enum": ["a", "b", None]}, Kind.TEXT),
        ({"enum": ["a", 1]}, Kind.JSON),
        ({"enum": [1, 2.5]}, Kind.DOUBLE),
        ({"const": True}, Kind.BOOLEAN),
        ({"const": None}, Kind.JSON),
        ({"const": {"a": 1}}, Kind.JSON),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Kind.BIGINT),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, Kind.JSON),
        ({"anyOf": [{"type": "integer"}, {}]}, Kind.JSON),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, Kind.BIGINT),
        ({"allOf": [{"maxLength": 3}], "type": "string"}, Kind.TEXT),
        ({}, Kind.JSON),
        (True, Kind.JSON),
        (None, Kind.JSON),
        ({"type": 7}, Kind.JSON),
        ({"type": []}, Kind.JSON),
    ],
)
def test_the_kind_of_a_column_follows_from_the_schema(schema: object, kind: Kind) -> None:
    assert kind_of(schema, ROOT) is kind


def test_alternatives_without_end_are_json() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(20):
        schema = {"anyOf": [schema, schema]}
    assert kind_of(schema, {}) is Kind.JSON


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (Kind.TEXT, "é", "é"),
        (Kind.BIGINT, 2**63 - 1, 2**63 - 1),
        (Kind.BIGINT, -(2**63), -(2**63)),
        (Kind.BIGINT, 3.0, 3),
        (Kind.DOUBLE, 3, 3.0),
        (Kind.DOUBLE, 2**64 - 1, 1.8446744073709552e19),
        (Kind.BOOLEAN, False, False),
        (Kind.JSON, {"b": 1, "a": [None]}, '{"a":[null],"b":1}'),
        (Kind.JSON, [1.928711483780255e16, 1e300 - 1e300, 0.1], "[19287114837802552,0.0,0.1]"),
        (Kind.JSON, "\\u0000", '"\\\\u0000"'),
        *((kind, None, None) for kind in Kind),
    ],
)
def test_what_fits_is_kept_exactly(kind: Kind, value: object, stored: object) -> None:
    found = fit(kind, value)
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, 1),
        (Kind.TEXT, "a\0b"),
        (Kind.BIGINT, 2**63),
        (Kind.BIGINT, -(2**63) - 1),
        (Kind.BIGINT, 1e21),
        (Kind.BIGINT, 1.5),
        (Kind.BIGINT, True),
        (Kind.BIGINT, "1"),
        (Kind.BIGINT, math.inf),
        (Kind.DOUBLE, "1"),
        (Kind.DOUBLE, True),
        (Kind.BOOLEAN, 1),
        (Kind.BOOLEAN, "true"),
        (Kind.JSON, ["a\0"]),
        (Kind.JSON, {"a": {"\0": 1}}),
    ],
)
def test_what_does_not_fit_is_left_out(kind: Kind, value: object) -> None:
    with pytest.raises(Unfit):
        fit(kind, value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CorpusPost", "corpus_post"),
        ("HTTPServer2Log", "http_server2_log"),
        ("Übergrößen-Maß", "ubergroen_ma"),
        ("  a -- b ", "a_b"),
        ("プロフィール", ""),
        ('x"; DROP TABLE y', "x_drop_table_y"),
    ],
)
def test_names_in_small_letters(name: str, words: str) -> None:
    assert snake_case(name) == words


def test_names_of_tables() -> None:
    end = MODEL[-10:]
    assert table_name(MODEL, "CorpusPost") == f"corpus_post_{end}"
    assert table_name(MODEL, "") == table_name(MODEL, None) == f"model_{end}"
    assert table_name(MODEL, "3D") == f"model_3_d_{end}"
    long = table_name(MODEL, "x" * 500)
    assert len(long) == MAX_NAME_BYTES
    assert long.endswith(f"_{end}")
    assert table_name(MODEL, "CorpusPost", {f"corpus_post_{end}"}) == f"corpus_post_{MODEL[-40:]}"


def test_columns_are_called_as_the_properties() -> None:
    names = ["displayName", "größe", "a b", "select", "a.b", 'quo"te', "/slash~tilde", "%s", "$1"]
    assert column_names(names, OWN_NAMES) == {name: name for name in names}


def test_names_that_are_taken_too_long_or_unprintable() -> None:
    found = column_names(["content", "Tip", "Name", "name", "NAME", "\0", "", "x" * 64, "é" * 40], OWN_NAMES)
    assert (found["content"], found["Tip"], found["NAME"]) == ("content_", "Tip_", "NAME")
    assert found["Name"] == "Name_"
    assert re.fullmatch("name__[0-9a-f]{8}", found["name"])
    assert found[""] == "_"
    assert found["\0"] != "_"
    assert re.fullmatch("x{54}_[0-9a-f]{8}", found["x" * 64])
    assert re.fullmatch("é{27}_[0-9a-f]{8}", found["é" * 40])


@given(st.lists(st.text(max_size=70) | st.sampled_from([*OWN_NAMES, "A", "a", "a_", "A_"]), unique=True))
def test_names_of_columns_never_collide(fields: list[str]) -> None:
    fields = [name for name in fields if not any("\ud800" <= char <= "\udfff" for char in name)]
    found = column_names(fields, OWN_NAMES)
    assert found == column_names(fields[::-1], OWN_NAMES)
    folded = [name.casefold() for name in found.values()]
    assert len({*folded, *OWN_NAMES}) == len(fields) + len(OWN_NAMES)
    assert all(0 < len(name.encode()) <= MAX_NAME_BYTES for name in found.values())


def test_a_name_that_another_column_will_get_is_evaded() -> None:
    evil = [column_names(["Foo", "foo"], ())["foo"], column_names(["Foo", "foo", "foo_"], ())["foo"]]
    found = column_names(["Foo", "foo", *evil], ())
    assert len({name.casefold() for name in found.values()}) == len(found)


def test_relations_and_views_are_read() -> None:
    table = plan_table(
        MODEL,
        definition(
            "M",
            {"a": {"type": "string"}},
            relations={
                "a": {"type": "document", "model": MODEL},
                "b": {"type": "account"},
                "c": {"type": "document", "model": None},
                "d": {"type": "else"},
                "e": 7,
                "f": {"type": []},
            },
            views={"v": {"type": "documentAccount"}, "w": None},
        ),
    )
    assert table.relations == {
        "a": Relation("document", MODEL),
        "b": Relation("account"),
        "c": Relation("document"),
    }
    assert table.views == {"v": {"type": "documentAccount"}, "w": {}}
    assert [column.name for column in table.columns][:4] == ["stream_id", "controller", "a", "unfit"]


def test_a_model_with_too_many_properties_keeps_the_rest_in_content() -> None:
    properties = {f"p{number:04}": {"type": "string"} for number in range(400)}
    table = plan_table(MODEL, definition("Wide", properties))
    assert len(table.fields) == MAX_TABLE_FIELDS
    assert table.fields[0] == Column("p0000", Kind.TEXT, "p0000")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "schema", "properties", "type", "relations", "views", "$ref"]), inner
        )
    ),
)


@given(JSON)
def test_any_definition_gives_a_table(content: Any) -> None:
    table = plan_table(MODEL, content)
    assert table.name.endswith(MODEL[-10:])
    properties = content["schema"]["properties"] if table.fields else {}
    assert {column.field for column in table.fields} == set(properties)


def test_the_models_of_the_corpus() -> None:
    """Every property of every valid model has a column, and relations lead to columns of text."""
    models = [stream for stream in corpus.expected()["streams"] if stream["category"].startswith("model")]
    assert len(models) >= 7
    for stream in models:
        if stream["valid"]:
            table = plan_table(stream["stream_id"], stream["content"])
            properties = stream["content"]["schema"]["properties"]
            assert {column.field: column.name for column in table.fields} == {
                name: name for name in properties
            }
            kinds = {column.field: column.kind for column in table.fields}
            assert all(kinds[relation] is Kind.TEXT for relation in table.relations)
