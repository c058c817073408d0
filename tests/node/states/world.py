"""Events that have to do with each other in every way: what the property of the follower is tried on."""

from __future__ import annotations

from typing import Final

from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import METAMODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent
from tests.node.states.making import (
    ACCOUNT,
    ALICE,
    changed,
    data,
    definition,
    document,
    document_id,
    granted,
    init,
    model,
    model_id,
    nameless,
    time,
    unproven,
)

_INTERFACE_SCHEMA: Final = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "additionalProperties": False,
}


def _to(target: StreamId | None) -> dict[str, object]:
    named = {} if target is None else {"model": str(target)}
    return {"to": {"type": "document", **named}}


def _models() -> dict[str, NewEvent]:
    note = model("Note")
    links = model("Link", relations=_to(model_id(note)))
    face = model(
        "Face", interface=True, accountRelation={"type": "none"}, schema=_INTERFACE_SCHEMA, immutableFields=[]
    )
    v2 = {"interface": False, "immutableFields": []}
    implements = [str(model_id(face))]
    impl = model("Impl", **v2, implements=implements)
    second = model("Second", **v2, implements=[str(model_id(impl)), *implements])
    wrong = model("Wrong", **v2, implements=implements, schema={**_INTERFACE_SCHEMA, "properties": {}})
    any_face = model("AnyFace", **v2, relations=_to(model_id(face)))
    anything = model("Anything", **v2, relations=_to(None))
    bad = model("Bad", schema={"type": "array"})
    timed = granted(init(definition("Timed"), METAMODEL, ACCOUNT), 2, 5)
    brief = granted(init(definition("Brief"), METAMODEL, ACCOUNT), 3, 6)
    on_brief = model("OnBrief", **v2, implements=[str(model_id(brief))])
    on_timed = model("OnTimed", **v2, implements=[str(model_id(timed))])
    to_brief = model("ToBrief", **v2, relations=_to(model_id(brief)))
    return {
        "to_brief": to_brief,
        "note": note,
        "links": links,
        "face": face,
        "impl": impl,
        "second": second,
        "wrong": wrong,
        "any_face": any_face,
        "anything": anything,
        "bad": bad,
        "timed": timed,
        "on_timed": on_timed,
        "brief": brief,
        "on_brief": on_brief,
    }


MODELS: Final = _models()


def _id(name: str) -> StreamId:
    return model_id(MODELS[name])


def _forked() -> list[NewEvent]:
    """A note with two branches, anchors on both, a patch that fails and what builds on it."""
    note = document(_id("note"), "forked", {"text": "x"})
    one, two = data(note, note, 1), data(note, note, 2)
    three = data(note, one, 3)
    bad = data(note, two, [{"op": "replace", "path": "/nothing/x", "value": 1}])
    first, second = time(note, three, 900), time(note, two, 500)
    return [
        note,
        one,
        two,
        three,
        bad,
        data(note, bad, 4),
        unproven(first),
        first,
        unproven(second),
        second,
        data(note, second, 5),
        data(note, two, [{"op": "add", "path": "/a", "value": "text"}]),
    ]


def _sessions() -> list[NewEvent]:
    """A note written under capabilities that begin and run out at several times, and anchored late."""
    note = granted(document(_id("note"), "session", None, controllers=[ACCOUNT]), None, None)
    early, late = granted(data(note, note, 1), 1, 4), granted(data(note, note, 2), 3, 9)
    on_early, refused = granted(data(note, early, 3), None, 6), granted(data(note, late, [{"op": "x"}]), 0, 4)
    other = granted(document(_id("note"), "unanchored", None, controllers=[ACCOUNT]), 1, None)
    short, long = granted(data(other, other, 1), 2, 6), granted(data(other, other, 2), None, 9)
    more = granted(data(other, short, [{"op": "replace", "path": "/a", "value": "no"}]), 4, 8)
    return [
        other,
        short,
        long,
        more,
        note,
        early,
        late,
        on_early,
        refused,
        time(note, on_early, 3),
        unproven(time(note, late, 8)),
        time(note, late, 8),
    ]


def _linking() -> list[NewEvent]:
    """Documents that refer to each other, to events of other kinds, and to what never comes."""
    target = document(_id("note"), "target")
    change = data(target, target, 1)
    impl, second, wrong, timed, brief = (
        document(_id(name), name) for name in ("impl", "second", "wrong", "timed", "brief")
    )
    relating = document(_id("to_brief"), "to brief", {"to": str(document_id(brief))})
    never = StreamId.of(MODEL_INSTANCE, Cid.of(b"never"))
    found = [
        target,
        change,
        impl,
        second,
        wrong,
        timed,
        data(timed, timed, 1),
        brief,
        data(brief, brief, 3),
        relating,
    ]
    targets = {
        "target": document_id(target),
        "impl": document_id(impl),
        "second": document_id(second),
        "wrong": document_id(wrong),
        "timed": document_id(timed),
        "change": document_id(change),
        "model": document_id(MODELS["note"]),
        "never": never,
    }
    for model_name in ("links", "any_face", "anything", "on_timed"):
        for name, stream in targets.items():
            found.append(document(_id(model_name), name, {"to": str(stream)}))
    hub = document(_id("any_face"), "hub")
    found.append(hub)
    found += [
        data(hub, hub, [{"op": "add", "path": "/to", "value": str(stream)}]) for stream in targets.values()
    ]
    return found


def _strange() -> list[NewEvent]:
    """Events that build on another stream's, refused ones, and ones that take others for their init event."""
    note, other = document(_id("note"), "a"), document(_id("note"), "b")
    change = data(note, note, 1)
    crossing = data(other, change, 2)
    tile, link = init("tile"), init(None, family="caip10-eip155:1", controller=ALICE)
    old = time(other, other, 700)
    second = time(other, old, 800)
    homeless = data(change, change, 6)
    refused = changed(data(note, change, 7), reason=Reason.SIGNATURE_INVALID, detail="not signed")
    return [
        note,
        other,
        change,
        crossing,
        data(other, crossing, 3),
        homeless,
        data(change, homeless, 8),
        refused,
        data(note, refused, 9),
        data(note, change, 4, signer=ACCOUNT),
        tile,
        data(tile, tile, 5),
        link,
        nameless(old),
        nameless(unproven(second)),
        nameless(second),
        document(_id("bad"), "of bad"),
        document(_id("face"), "of face"),
        document(StreamId.of(2, change.checked.cid), "of no model"),
        document(StreamId.of(2, Cid.of(b"no event")), "of nothing"),
        data(MODELS["impl"], MODELS["impl"], [{"op": "remove", "path": "/name"}]),
        time(MODELS["timed"], MODELS["timed"], 4),
    ]


EVENTS: Final = [*MODELS.values(), *_forked(), *_sessions(), *_linking(), *_strange()]
"""All of them; where there are several reports on one event each is there."""
