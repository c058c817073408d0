"""Definitions of models."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.models.definition import ModelDefinition, parse_model
from ceramic_protocol.models.implements import check_implements
from ceramic_protocol.models.members import AccountKind, AccountRelation, Relation, View
from ceramic_protocol.reasons import Finding, Reason
from tests.support.model_vectors import recorded

INTERFACE = StreamId.of(MODEL, Cid.of(b"interface"))
OTHER = StreamId.of(MODEL, Cid.of(b"other"))
DOCUMENT = StreamId.of(MODEL_INSTANCE, Cid.of(b"document"))


def model(**members: object) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"n": {"type": "string"}}, "additionalProperties": False}
    content = {"name": "M", "accountRelation": {"type": "list"}, "schema": schema}
    return {"version": "2.0", "interface": False, "implements": [], **content, **members}


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def refusal(content: object) -> str:
    with pytest.raises(DecodeError) as caught:
        parse_model(content)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.MODEL_INVALID
    return caught.value.detail


def test_as_the_handler_of_js_ceramic_does() -> None:
    """Some cases claim to implement models that nobody knows."""
    count = {True: 0, False: 0}
    for case in recorded("definitions"):
        found: Finding | None
        try:
            known = {StreamId.parse(name): parse_model(item) for name, item in case["interfaces"].items()}
            found = check_implements(parse_model(case["content"]), known)
        except DecodeError as error:
            found = Finding(error.reason, error.detail)
        assert (found is None) == (case["error"] is None), (case, found)
        if found is not None:
            assert found.reason is (Reason.MODEL_INVALID if found.is_certain else Reason.MODEL_MISSING)
            assert found.is_certain or "not found" in case["error"]
        count[found is None] += 1
    assert min(count.values()) > 150


def test_the_parts_of_a_definition() -> None:
    relations = {
        "n": {"type": "document", "model": str(OTHER)},
        "d": {"type": "document", "model": None},
        "a": {"type": "account"},
    }
    views = {
        "owner": {"type": "documentAccount"},
        "all": {"type": "relationSetFrom", "model": str(OTHER), "property": "n"},
    }
    found = parse_model(
        model(
            description="words",
            implements=[str(INTERFACE)],
            immutableFields=["n"],
            relations=relations,
            views=views,
            accountRelation={"type": "set", "fields": ["n"]},
            schema={**model()["schema"], "required": ["n"]},
        )
    )
    assert (found.version, found.name, found.description, found.interface) == ("2.0", "M", "words", False)
    assert found.account == AccountRelation(AccountKind.SET, ("n",))
    assert found.implements == (INTERFACE,)
    assert found.immutable_fields == ("n",)
    document, anything, account = Relation(True, OTHER), Relation(True), Relation(False)
    assert found.relations == {"n": document, "d": anything, "a": account}
    assert found.views == {"owner": View("documentAccount"), "all": View("relationSetFrom", OTHER, "n")}
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is no map"),
        ([], "is no map"),
        (without(model(), "version"), "version is no text"),
        (model(version="2.1"), "neither 1.0 nor 2.0"),
        (model(extra=1), "unknown member 'extra'"),
        (without(model(), "name"), "name is no text"),
        (model(description=None), "description is no text"),
        (model(interface=1), "interface is neither"),
        (model(implements=["zz"]), "implements: "),
        (model(implements=[str(DOCUMENT)]), "which is no model"),
        (model(implements=[str(INTERFACE) + "?commit=0"]), "implements: "),
        (model(immutableFields=None), "immutableFields is no list"),
        (model(accountRelation={"type": "set"}), "accountRelation.fields is no list"),
        (model(accountRelation={"type": "set", "fields": []}), "a set without fields"),
        (model(accountRelation={"type": "set", "fields": ["n"]}), "'n' of a set is not required"),
        (model(accountRelation={"type": "set", "fields": ["q"]}), "'q' of a set has none of the types"),
        (model(accountRelation={"type": "link"}), "unknown type"),
        (model(relations={"n": {"type": "document"}}), "neither to an account nor"),
        (model(relations=None), "relations is no map"),
        (model(views={"n": {"type": "documentAccount"}}), "has the name of a property"),
        (model(views={"v": {"type": "relationFrom", "model": None, "property": "p"}}), "is no text"),
        (model(views={"v": {"type": "relationFrom", "model": str(OTHER)}}), "property is no text"),
        (model(schema={"type": "array"}), "not of type object"),
        (model(schema={"type": "object"}), "no additionalProperties: false"),
        (model(schema={**model()["schema"], "$defs": {"X": {"type": "object"}}}), "no additionalProperties"),
        (model(schema={**model()["schema"], "examples": [{"type": "object"}]}), "no additionalProperties"),
        (model(schema={**model()["schema"], "maxProperties": 2**53}), "beyond those of JavaScript"),
        (model(schema={**model()["schema"], "required": "n"}), "does not fit the meta-schema"),
        (
            model(schema={**model()["schema"], "$schema": "http://json-schema.org/draft-07/schema#"}),
            "$schema",
        ),
        (model(interface=True, schema={"type": "object", "additionalProperties": False}), "an interface"),
    ],
)
def test_refused(content: object, words: str) -> None:
    assert words in refusal(content)


def test_version_1() -> None:
    old = without(model(version="1.0"), "interface", "implements")
    assert parse_model({**old, "immutableFields": 5}).immutable_fields == ()
    assert not parse_model({**old, "interface": True}).interface
    assert parse_model({**old, "implements": [str(INTERFACE)]}).implements == (INTERFACE,)
    empty = {**old, "schema": {"type": "object", "additionalProperties": False}}
    assert not parse_model(empty).views
    for part in (
        {**empty, "interface": "yes"},
        {**old, "implements": "yes"},
        {**old, "accountRelation": {"type": "none"}},
        {**old, "relations": {"n": {"type": "document", "model": None}}},
        {**old, "views": {"v": {"type": "relationSetFrom", "model": str(OTHER), "property": "p"}}},
    ):
        refusal(part)


def parsed(**members: object) -> ModelDefinition:
    return parse_model(model(**members))


def test_an_interface_that_is_not_known_makes_it_pending() -> None:
    claims = parsed(implements=[str(INTERFACE), str(OTHER)])
    found = check_implements(claims, {INTERFACE: parsed()})
    assert found is not None
    assert found.reason is Reason.MODEL_MISSING
    assert str(OTHER) in found.detail
    waiting = Finding(Reason.PREV_MISSING, "something before it")
    assert check_implements(claims, {INTERFACE: parsed(), OTHER: waiting}) == waiting


def test_what_is_wrong_with_one_interface_counts_before_what_is_missing() -> None:
    claims = parsed(implements=[str(OTHER), str(INTERFACE)])
    for interface in (
        parsed(immutableFields=["n"]),
        parsed(relations={"n": {"type": "account"}}),
        Finding(Reason.MODEL_INVALID, "it is no model"),
    ):
        found = check_implements(claims, {INTERFACE: interface})
        assert found is not None
        assert found.reason is Reason.MODEL_INVALID


def test_interfaces_that_refer_to_themselves_end() -> None:
    schema = {"type": "object", "additionalProperties": False, "properties": {"x": {"$ref": "#"}}}
    many = {"allOf": [{"allOf": [{"type": "string"}] * 20}] * 20}
    wide = {"type": "object", "additionalProperties": False, "properties": {f"p{n}": many for n in range(50)}}
    for each in (schema, wide):
        claims = parsed(implements=[str(INTERFACE)], schema=each)
        found = check_implements(claims, {INTERFACE: parsed(schema=each)})
        assert found is None or "without end" in found.detail
