"""Rules for documents."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ceramic_protocol.build_init import deterministic_stream_id
from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import init_state, next_state
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.js_numbers import js_numbers
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.models.definition import ModelDefinition, parse_model
from ceramic_protocol.models.instance import Change, InstanceRules
from ceramic_protocol.models.unique import unique_of
from ceramic_protocol.reasons import Finding, Reason
from tests.support import corpus
from tests.support.model_vectors import recorded

CONTROLLER = "did:key:z6MkrrKRFnFi7pC3rb7qQDo4HCr7K2BGWfAT6yRJPhmBuKiw"
THIS = StreamId.of(MODEL, Cid.of(b"this"))
TARGET = StreamId.of(MODEL, Cid.of(b"target"))
OTHER = StreamId.of(MODEL, Cid.of(b"other"))
LINK = StreamId.of(MODEL_INSTANCE, Cid.of(b"link"))

REASONS = {
    "Validation Error": Reason.SCHEMA_VIOLATION,
    "Unique content fields": Reason.SET_UNIQUE_MISMATCH,
    "Immutable field": Reason.IMMUTABLE_FIELD_CHANGED,
    "Updating metadata": Reason.HEADER_FIELD_FORBIDDEN,
    "Error while parsing relation": Reason.RELATION_INVALID,
    "Relation on field": Reason.RELATION_INVALID,
    "StreamID ": Reason.RELATION_INVALID,
    "not found": Reason.RELATION_MISSING,
    "Deterministic genesis": Reason.DET_INIT_WITH_CONTENT,
    "ModelInstanceDocuments for models with SINGLE": Reason.UNIQUE_FORBIDDEN,
    "ModelInstanceDocuments for models with SET": Reason.UNIQUE_MISSING,
    "ModelInstanceDocuments for models with LIST": Reason.UNIQUE_MISSING,
    "ModelInstanceDocument Streams cannot": Reason.MODEL_IS_INTERFACE,
    "Test operation failed": Reason.PATCH_FAILED,
    "Cannot ": Reason.PATCH_FAILED,
}
"""How the handler's errors begin, and our codes."""


def reason_of(error: str) -> Reason:
    return next(reason for start, reason in REASONS.items() if error.startswith(start))


class Recorded:
    """A document of the recorded cases, step by step."""

    def __init__(self, case: dict[str, Any]) -> None:
        models = {
            StreamId.parse(k): parse_model(v["content"]) for k, v in case["streams"].items() if "content" in v
        }
        streams = {
            StreamId.parse(k): Linked(StreamId.parse(v["model"]))
            for k, v in case["streams"].items()
            if "model" in v
        }
        self.context = Context(models, streams)
        self.model = StreamId.parse(case["model_id"])

    def step(self, step: dict[str, Any]) -> Finding | None:
        try:
            return self.begin(step) if "init" in step else self.go_on(step)
        except DecodeError as error:
            return Finding(error.reason, error.detail)

    def begin(self, step: dict[str, Any]) -> Finding | None:
        unique = step["unique"].encode() if "unique" in step else None
        header = InitHeader((CONTROLLER,), self.model, unique, None, True, None, {})
        rules = InstanceRules.of(header, self.context)
        assert isinstance(rules, InstanceRules)
        self.rules, self.state, self.is_first = rules, init_state(header, step["data"]), True
        return rules.check_init(step["data"])

    def go_on(self, step: dict[str, Any]) -> Finding | None:
        header = step.get("hdr", {})
        refused = self.rules.check_header(header)
        if refused is not None:
            return refused
        after = next_state(self.state, header, step["patch"])
        found = self.rules.check_data(
            Change(header, step["patch"], self.state.content, after.content, self.is_first)
        )
        if found is None:
            self.state, self.is_first = after, False
        return found


def test_as_the_handler_of_js_ceramic_does() -> None:
    count: Counter[str] = Counter()
    for case in recorded("documents"):
        document = Recorded(case)
        for step, answer in zip(case["steps"], case["answers"], strict=False):
            found = document.step(step)
            if found is None:
                assert answer.get("ok"), (case, step, answer)
                content = js_numbers(document.state.content)
                assert corpus.same_content(content, js_numbers(answer["content"]))
                count["fine"] += 1
            elif found.reason is Reason.IMMUTABLE_FIELD_CHANGED and "another value" in found.detail:
                # Not so in JavaScript: it goes on, and may find something else.
                count["immutable-values"] += 1
                break
            else:
                # The handler stops at a stream that it doesn't know; something else may be wrong as well.
                assert not answer.get("ok"), (case, step, found)
                wanted = reason_of(answer["error"])
                goes_on = wanted is Reason.RELATION_MISSING and found.is_certain
                assert found.reason is wanted or goes_on, (case, step, answer, found)
                count[found.reason.value] += 1
    assert count["fine"] > 1000
    assert count["immutable-values"] > 2
    assert len(count) >= 12


def model(kind: str = "list", **members: Any) -> ModelDefinition:
    properties: dict[str, Any] = {
        "n": {"type": "string"},
        "v": {"type": "number"},
        "r": {"type": ["string", "null"]},
    }
    schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": ["n", "v"],
    }
    fields = {"fields": ["n", "v"]} if kind == "set" else {}
    content: dict[str, Any] = {"name": "M", "accountRelation": {"type": kind, **fields}, "schema": schema}
    return parse_model({"version": "2.0", "interface": False, "implements": [], **content, **members})


def rules(
    definition: ModelDefinition, unique: bytes | None = b"u", context: Context | None = None
) -> InstanceRules:
    header = InitHeader((CONTROLLER,), THIS, unique, None, True, None, {})
    return InstanceRules(header, definition, context or Context())


def reason(found: Finding | None) -> Reason | None:
    return found.reason if found else None


GOOD: dict[str, Any] = {"n": "a", "v": 1}


@pytest.mark.parametrize(
    ("kind", "unique", "content", "expected"),
    [
        ("list", b"u", GOOD, None),
        ("list", b"", GOOD, None),
        ("list", None, GOOD, Reason.UNIQUE_MISSING),
        ("list", b"u", None, Reason.SCHEMA_VIOLATION),
        ("none", None, GOOD, None),
        ("none", b"u", GOOD, None),
        ("single", None, None, None),
        ("single", b"", None, Reason.UNIQUE_FORBIDDEN),
        ("single", None, {}, Reason.DET_INIT_WITH_CONTENT),
        ("set", b"a|1", None, None),
        ("set", None, None, Reason.UNIQUE_MISSING),
        ("set", b"a|1", GOOD, Reason.DET_INIT_WITH_CONTENT),
    ],
)
def test_init(kind: str, unique: bytes | None, content: Any, expected: Reason | None) -> None:
    assert reason(rules(model(kind), unique).check_init(content)) is expected


def test_no_rules_without_a_model() -> None:
    definition = model()

    def found(stream: StreamId | None, context: Context) -> InstanceRules | Finding:
        return InstanceRules.of(InitHeader((CONTROLLER,), stream, b"u", None, True, None, {}), context)

    assert isinstance(found(THIS, Context({THIS: definition})), InstanceRules)
    for stream in (None, LINK, METAMODEL):
        refused = found(stream, Context({THIS: definition}))
        assert isinstance(refused, Finding)
        assert refused.reason is Reason.MODEL_INVALID
    missing = found(THIS, Context())
    assert isinstance(missing, Finding)
    assert (missing.reason, missing.is_certain) == (Reason.MODEL_MISSING, False)
    bad = found(THIS, Context({THIS: Finding(Reason.MODEL_INVALID, "why")}))
    assert bad == Finding(Reason.MODEL_INVALID, f"model {THIS}: why")


def change(before: Any, after: Any, patch: Any = (), **more: Any) -> Change:
    return Change(more.get("header", {}), list(patch), before, after, more.get("is_first", False))


@pytest.mark.parametrize("name", ["controllers", "model", "unique", "modelVersion", "tags"])
def test_headers_of_data_events(name: str) -> None:
    found = rules(model()).check_data(change(GOOD, GOOD, header={name: None}))
    assert reason(found) is Reason.HEADER_FIELD_FORBIDDEN
    assert rules(model()).check_data(change(GOOD, GOOD, header={"shouldIndex": False})) is None


def test_immutable_fields() -> None:
    judge = rules(model(immutableFields=["v"]))
    same = [{"op": "replace", "path": "/v", "value": 1}]
    inner = [{"op": "replace", "path": "/v/x", "value": 1}]
    whole = [{"op": "replace", "path": "", "value": {"n": "b", "v": 2}}]
    kept = [{"op": "replace", "path": "", "value": {"n": "b", "v": 1.0}}]
    locked = Reason.IMMUTABLE_FIELD_CHANGED
    assert reason(judge.check_data(change(GOOD, GOOD, same))) is locked
    assert reason(judge.check_data(change(GOOD, GOOD, inner))) is locked
    assert reason(judge.check_data(change(GOOD, {"n": "b", "v": 2}, whole))) is locked
    assert judge.check_data(change(GOOD, {"n": "b", "v": 1.0}, kept)) is None


def test_the_first_content_of_a_document_without_any_is_free() -> None:
    judge = rules(model("single", immutableFields=["v"]), None)
    patch = [{"op": "add", "path": "/v", "value": 1}]
    assert judge.check_data(change(None, GOOD, patch, is_first=True)) is None
    assert reason(judge.check_data(change(None, GOOD, patch))) is Reason.IMMUTABLE_FIELD_CHANGED
    listed = rules(model(immutableFields=["v"]))
    assert (
        reason(listed.check_data(change(GOOD, GOOD, patch, is_first=True))) is Reason.IMMUTABLE_FIELD_CHANGED
    )


def test_sets() -> None:
    judge = rules(model("set"), b"a|1")
    assert judge.check_data(change(None, GOOD, is_first=True)) is None
    assert reason(judge.check_data(change(GOOD, {"n": "a", "v": 2}))) is Reason.SET_UNIQUE_MISMATCH


RELATED = {"relations": {"r": {"type": "document", "model": str(TARGET)}, "n": {"type": "account"}}}
ANY = {"relations": {"r": {"type": "document", "model": None}}}


def linked(to: StreamId | None, **models: ModelDefinition | Finding) -> Context:
    known = {"target": TARGET, "other": OTHER}
    return Context({known[name]: found for name, found in models.items()}, {LINK: Linked(to)})


@pytest.mark.parametrize(
    ("members", "value", "context", "expected"),
    [
        (RELATED, None, Context(), None),
        (RELATED, "nonsense", Context(), Reason.RELATION_INVALID),
        (RELATED, str(TARGET), Context(), Reason.RELATION_INVALID),
        (RELATED, f"{LINK}?commit=0", Context(), Reason.RELATION_INVALID),
        (RELATED, str(LINK), Context(), Reason.RELATION_MISSING),
        (RELATED, str(LINK), linked(TARGET), None),
        (RELATED, f"ceramic://{LINK}", linked(TARGET), None),
        (RELATED, str(LINK), linked(None), Reason.RELATION_INVALID),
        (RELATED, str(LINK), linked(OTHER), Reason.MODEL_MISSING),
        (RELATED, str(LINK), linked(OTHER, other=model()), Reason.RELATION_INVALID),
        (RELATED, str(LINK), linked(OTHER, other=model(implements=[str(TARGET)])), None),
        (RELATED, str(LINK), linked(OTHER, other=Finding(Reason.MODEL_INVALID, "")), Reason.RELATION_INVALID),
        (RELATED, str(LINK), linked(OTHER, other=Finding(Reason.MODEL_MISSING, "")), Reason.MODEL_MISSING),
        (ANY, str(LINK), Context(), Reason.RELATION_MISSING),
        (ANY, str(LINK), linked(OTHER), None),
    ],
)
def test_relations(members: dict[str, Any], value: Any, context: Context, expected: Reason | None) -> None:
    found = rules(model(**members), context=context).check_init({**GOOD, "r": value})
    assert reason(found) is expected


def test_what_is_certain_counts_before_what_may_change() -> None:
    related = model("list", **RELATED, immutableFields=["n"])
    content = {**GOOD, "r": str(LINK)}
    assert reason(rules(related, None).check_init(content)) is Reason.UNIQUE_MISSING
    patch = [{"op": "replace", "path": "/n", "value": "b"}]
    assert reason(rules(related).check_data(change(GOOD, content, patch))) is Reason.IMMUTABLE_FIELD_CHANGED
    assert reason(rules(related).check_data(change(GOOD, content))) is Reason.RELATION_MISSING


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", 1], "a|1"),
        (["", 0], "|"),
        ([False, True], "|true"),
        ([None, "x"], "|x"),
        ([1.0, -0.0], "1|"),
        ([1e21, 1e-7], "1e+21|1e-7"),
        ([123456789012345680000, 0.000001], "123456789012345680000|0.000001"),
        ([-1.5, 5e-324], "-1.5|5e-324"),
        ([1.7976931348623157e308, 100], "1.7976931348623157e+308|100"),
        (["é|", "😀"], "é||😀"),
    ],
)
def test_names_in_sets(values: list[object], expected: str) -> None:
    content = dict(zip("ab", values, strict=True))
    assert unique_of("ab", content) == expected.encode()


def test_names_in_sets_without_content() -> None:
    assert unique_of("ab", None) == b"|"
    assert unique_of("ab", {}) == b"|"


def test_the_stream_of_a_set_follows_from_its_fields() -> None:
    stream = deterministic_stream_id(CONTROLLER, THIS, unique_of(["n", "v"], GOOD))
    assert stream == deterministic_stream_id(CONTROLLER, THIS, b"a|1")
    assert stream != deterministic_stream_id(CONTROLLER, THIS)
