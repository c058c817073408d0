"""The rules for models and their documents, against js-ceramic's handlers and the sample corpus."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest

from ceramic_protocol.documents import DocumentState, init_state, next_state
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import ModelDefinition, parse_model
from ceramic_protocol.models.implements import check_implements
from ceramic_protocol.models.instance import Change, InstanceRules, check_model_change
from ceramic_protocol.reasons import BY_CODE, Finding, Layer, Reason
from tests.support import corpus, vectors
from tests.support.model_driver import Walk

CONTROLLER: Final = "did:key:z6MkrrKRFnFi7pC3rb7qQDo4HCr7K2BGWfAT6yRJPhmBuKiw"

OTHER_RULES: Final = {
    "unsigned": "signatures are judged by the rules on accounts: unsigned_init_with_data",
    "two controllers": "the first controller counts, as in ceramic-one",
    "wrong model header": "a stream with another model in its header is no model's stream",
    "list genesis unsigned content": "see unsigned",
    "controllers must be one": "see two controllers",
    "controller must start with did:": "nobody can sign for a controller that is no DID",
}
"""Cases that js-ceramic's handlers refuse for what other rules of ours are about."""

DIFFERENCES: Final = {
    "implements unknown interface": "an unknown model makes a verdict pending: not knowing is no proof",
    "immutable bypass via root replace": "an immutable field keeps its value, by whatever way it is changed",
    "immutable bypass via move from": "the same",
}
"""Cases that are judged otherwise than by js-ceramic, on purpose."""


def cases(name: str) -> dict[str, Any]:
    if not (vectors.root() / "consensus" / name).is_file():
        return {}
    return vectors.by_name((case["name"], case) for case in vectors.consensus(name)["cases"])


def judge(content: Any, interfaces: dict[str, Any]) -> Finding | None:
    """What the rules say of a model."""
    try:
        definition = parse_model(content)
        known = {StreamId.parse(name): parse_model(item) for name, item in interfaces.items()}
    except DecodeError as error:
        return Finding(error.reason, error.detail)
    return check_implements(definition, known)


@pytest.mark.parametrize("name", cases("model_validate.json"))
def test_models(name: str) -> None:
    case = cases("model_validate.json")[name]
    found = judge(case["content"], vectors.consensus("model_validate.json")["interface_models"])
    if name in OTHER_RULES:
        assert (case["result"], found) == ("error", None)
    elif name == "update data event":
        assert case["result"] == "error"
        assert check_model_change().reason is Reason.MODEL_UPDATE_FORBIDDEN
    elif name in DIFFERENCES:
        assert case["result"] == "error"
        assert found is not None
        assert found.reason is Reason.MODEL_MISSING
    elif case["result"] == "ok":
        assert found is None
    else:
        assert found is not None
        assert found.reason is Reason.MODEL_INVALID


REASONS: Final = {
    "list genesis null content": Reason.SCHEMA_VIOLATION,
    "add below missing parent": Reason.PATCH_FAILED,
    "test op pass and fail": Reason.PATCH_FAILED,
    "header modelVersion (rust only)": Reason.HEADER_FIELD_FORBIDDEN,
    "single with content": Reason.DET_INIT_WITH_CONTENT,
    "single with unique": Reason.UNIQUE_FORBIDDEN,
    "set field change": Reason.SET_UNIQUE_MISMATCH,
    "set without unique": Reason.UNIQUE_MISSING,
    "immutable list": Reason.IMMUTABLE_FIELD_CHANGED,
    "immutable nested path": Reason.IMMUTABLE_FIELD_CHANGED,
    "immutable bypass via root replace": Reason.IMMUTABLE_FIELD_CHANGED,
    "immutable bypass via move from": Reason.IMMUTABLE_FIELD_CHANGED,
    "interface model": Reason.MODEL_IS_INTERFACE,
}
"""The code for what is refused in a case; where it isn't said, the content doesn't fit the schema."""


class Document:
    """One case's document: judges step by step, on the last state that was good."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.model = StreamId.parse(case["model_id"])
        self.context = Context({self.model: parse_model(case["model"])})
        self.rules: InstanceRules | None = None
        self.state: DocumentState | None = None
        self.is_first = True

    def step(self, step: dict[str, Any]) -> Finding | None:
        try:
            return self.begin(step) if step.get("init") else self.go_on(step)
        except DecodeError as error:
            return Finding(error.reason, error.detail)

    def begin(self, step: dict[str, Any]) -> Finding | None:
        unique = step["unique"].encode() if "unique" in step else None
        header = InitHeader((CONTROLLER,), self.model, unique, None, True, None, {})
        rules = InstanceRules.of(header, self.context)
        if isinstance(rules, Finding):
            return rules
        self.rules, self.state = rules, init_state(header, step["data"])
        return rules.check_init(step["data"])

    def go_on(self, step: dict[str, Any]) -> Finding | None:
        assert self.state is not None
        assert self.rules is not None
        if "time" in step:
            return None
        header, patch = step.get("hdr", {}), step["patch"]
        after = next_state(self.state, header, patch)
        change = Change(header, patch, self.state.content, after.content, self.is_first)
        found = self.rules.check_data(change)
        if found is None:
            self.state, self.is_first = after, False
        return found


@pytest.mark.parametrize("name", cases("mid_state.json"))
def test_documents(name: str) -> None:
    case = cases("mid_state.json")[name]
    document = Document(case)
    for step in case["steps"]:
        found = document.step(step)
        if name in OTHER_RULES:
            assert (step["result"], found) == ("error", None)
        elif step["result"] == "ok" and not (name in DIFFERENCES and "patch" in step):
            assert found is None
            assert document.state is not None
            assert corpus.same_content(document.state.content, step["content"])
            if "shouldIndex" in step["metadata"]:
                assert document.state.metadata["shouldIndex"] is step["metadata"]["shouldIndex"]
        else:
            assert found is not None
            usual = Reason.SCHEMA_UNUSABLE if name.startswith("schema strict") else Reason.SCHEMA_VIOLATION
            assert found.reason is REASONS.get(name, usual)


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
def test_the_named_cases_are_there() -> None:
    both = {**cases("model_validate.json"), **cases("mid_state.json")}
    assert (len(cases("model_validate.json")), len(cases("mid_state.json"))) == (45, 39)
    assert both.keys() >= {*OTHER_RULES, *DIFFERENCES, *REASONS}


@pytest.fixture(scope="module")
def judged() -> dict[str, Finding | None]:
    return dict(Walk().run())


def test_every_event_of_the_corpus(judged: dict[str, Finding | None]) -> None:
    """Each valid event stands, and each that breaks a state rule gets the code for that rule."""
    found: Counter[str] = Counter()
    for cid, finding in judged.items():
        entry = corpus.expected()["events"][cid]
        wanted = None if entry["valid"] else entry["reason"]
        assert (finding.reason.value if finding else None) == wanted, (cid, finding)
        found["valid" if finding is None else "refused"] += 1
    assert found == {"valid": 2707, "refused": 71} or vectors.is_named()


def test_every_event_that_state_rules_are_about_is_judged(judged: dict[str, Finding | None]) -> None:
    for cid, entry in corpus.expected()["events"].items():
        reason = BY_CODE.get(entry["reason"] or "")
        if entry["valid"] or (reason is not None and reason.layer is Layer.STATE):
            assert cid in judged


def test_all_models_of_the_corpus_can_be_used() -> None:
    for model in corpus.expected()["meta"].get("models", {}).values():
        definition = parse_model(model["definition"])
        assert isinstance(definition, ModelDefinition)
        assert definition.schema.compiled().unusable is None
