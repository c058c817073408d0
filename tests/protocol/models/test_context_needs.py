"""Which streams have to be known before another one can be judged."""

from __future__ import annotations

from typing import Any

from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.models.context_needs import models_of_links, needs
from ceramic_protocol.models.definition import parse_model

THIS, TARGET, OTHER = (StreamId.of(MODEL, Cid.of(name)) for name in (b"this", b"target", b"other"))
ONE, TWO = (StreamId.of(MODEL_INSTANCE, Cid.of(name)) for name in (b"one", b"two"))


def header(model: StreamId | None) -> InitHeader:
    return InitHeader(("did:key:z6Mk",), model, None, None, True, None, {})


def definition(**relations: Any) -> Any:
    names = {name: {"type": ["string", "null"]} for name in ("r", "s", "t")}
    schema = {"type": "object", "properties": names, "additionalProperties": False}
    content: dict[str, Any] = {
        "name": "M",
        "accountRelation": {"type": "list"},
        "schema": schema,
        "relations": relations,
    }
    return parse_model({"version": "2.0", "interface": False, "implements": [], **content})


def to(model: StreamId | None) -> dict[str, object]:
    return {"type": "document", "model": None if model is None else str(model)}


def test_a_document_needs_its_model() -> None:
    assert needs(header(THIS)) == {THIS}
    assert needs(header(THIS), definition(), [{"r": str(ONE)}]) == {THIS}
    assert needs(header(None)) == set()


def test_a_model_needs_its_interfaces() -> None:
    content: dict[str, Any] = {"implements": [str(TARGET), "nonsense", str(ONE), 5, None]}
    assert needs(header(METAMODEL), None, [content, None, [], {"implements": "x"}]) == {TARGET}


def test_a_document_needs_what_it_refers_to() -> None:
    related = definition(r=to(TARGET), s=to(None), t={"type": "account"})
    contents: list[Any] = [{"r": str(ONE), "s": "nonsense", "t": str(TWO)}, None, 5]
    assert needs(header(THIS), related, contents) == {THIS, ONE}


def test_a_patch_may_put_any_text_anywhere() -> None:
    related = definition(r=to(TARGET))
    patch: list[Any] = [
        {"op": "add", "path": "/t", "value": {"x": [str(ONE)]}},
        {"op": "move", "from": "/t/x/0", "path": "/r"},
        {"op": "replace", "path": "", "value": {"r": str(TWO)}},
        "no operation",
    ]
    assert needs(header(THIS), related, [patch]) == {THIS, ONE, TWO}


def test_models_of_documents_that_may_implement_what_is_asked_for() -> None:
    related = definition(r=to(TARGET), s=to(None))
    context = Context({}, {ONE: Linked(OTHER), TWO: Linked(TARGET)})
    assert models_of_links(related, [{"r": str(ONE)}], context) == {OTHER}
    assert models_of_links(related, [{"r": str(TWO), "s": str(ONE)}, {"r": "x"}, None], context) == set()
