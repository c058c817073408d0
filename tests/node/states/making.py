"""Events for states: of models, documents and plain streams, as if their own checks had been made."""

from __future__ import annotations

from typing import Any, Final

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, Cid
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent

ALICE: Final = "did:key:z6MkrrKRFnFi7pC3rb7qQDo4HCr7K2BGWfAT6yRJPhmBuKiw"
ACCOUNT: Final = "did:pkh:eip155:1:0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
SESSION: Final = "did:key:z6MkvWkza1fMBWhKnYE3CgMgxHem62YkEw4JbmmZeFdGWTcG"
CAPABILITY: Final = Cid.of(b"capability")


def init(
    data: object = None, model: StreamId | None = None, controller: str = ALICE, **header: Any
) -> NewEvent:
    """An init event."""
    named = {} if model is None else {"model": bytes(model), "sep": "model"}
    payload = dagcbor.encode({"data": data, "header": {"controllers": [controller], **named, **header}})
    cid = Cid.of(payload, DAG_JOSE)
    return _new(CheckedEvent(cid, cid, Kind.INIT, None, payload, signer=controller, model=model))


def model(name: str, **members: object) -> NewEvent:
    """The init event of a model with a text and a number."""
    return init(definition(name, **members), METAMODEL)


def definition(name: str, **members: object) -> dict[str, object]:
    """Such a model; members may take the place of others."""
    version = {"version": "1.0"} if "interface" not in members else {"version": "2.0", "implements": []}
    usual: dict[str, object] = {
        "name": name,
        "accountRelation": {"type": "list"},
        "schema": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "a": {"type": "integer"}, "to": {"type": "string"}},
            "additionalProperties": False,
        },
    }
    return {**version, **usual, **members}


def model_id(event: NewEvent) -> StreamId:
    """The model that an event begins."""
    return StreamId.of(MODEL, event.checked.cid)


def document_id(event: NewEvent) -> StreamId:
    """The document that an event begins."""
    return StreamId.of(MODEL_INSTANCE, event.checked.cid)


def document(of: StreamId, name: str, content: object = None, **header: Any) -> NewEvent:
    """The init event of a document; other names give other streams."""
    return init({} if content is None else content, of, unique=name.encode(), **header)


def data(stream: NewEvent, prev: NewEvent, patch: object, signer: str = ALICE) -> NewEvent:
    """A data event; a patch that is a number sets the field `a`."""
    if isinstance(patch, int):
        patch = [{"op": "add", "path": "/a", "value": patch}]
    home, before = stream.checked.cid, prev.checked.cid
    payload = dagcbor.encode({"id": home, "prev": before, "data": patch})
    cid = Cid.of(payload, DAG_JOSE)
    return _new(CheckedEvent(cid, home, Kind.DATA, before, payload, signer=signer))


def time(stream: NewEvent, prev: NewEvent, stamp: int) -> NewEvent:
    """A proven time event."""
    cid = Cid.of(b"time %d" % stamp + prev.checked.cid, DAG_CBOR)
    home = stream.checked.cid
    return _new(
        CheckedEvent(cid, home, Kind.TIME, prev.checked.cid, b"", timestamp=stamp, chain_id="eip155:1")
    )


def unproven(event: NewEvent) -> NewEvent:
    """A copy of a time event whose chain hasn't answered."""
    return changed(
        event, timestamp=None, chain_id=None, reason=Reason.ANCHOR_CHAIN_UNKNOWN, detail="no chain"
    )


def nameless(event: NewEvent) -> NewEvent:
    """A time event in the form of old, which doesn't name its stream."""
    return changed(event, stream=None)


def granted(event: NewEvent, begins: int | None, ends: int | None) -> NewEvent:
    """The event under a capability of an account, for that from one unix second to another."""
    grant = Grant(
        ACCOUNT,
        ("ceramic://*",),
        None if begins is None else begins * 1000,
        None if ends is None else ends * 1000,
        "eip191",
    )
    return changed(event, signer=SESSION, capability=CAPABILITY, grant=grant)


def changed(event: NewEvent, **report: Any) -> NewEvent:
    """The event with another report on it."""
    return event._replace(checked=event.checked._replace(**report))


def _new(checked: CheckedEvent) -> NewEvent:
    return NewEvent(b"car " + checked.cid, checked)
