"""Events for tests that speak HTTP, and the model that they are of."""

from __future__ import annotations

from typing import Final

from ceramic_protocol import multibase
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import SIGNERS
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from tests.support.node import Reply, RunningNode

SIGNER: Final = SIGNERS[KeyType.ED25519](bytes(range(1, 33)))
BUILDER: Final = EventBuilder(SIGNER)
MODEL_EVENT: Final = BUILDER.model(
    {
        "version": "2.0",
        "name": "N",
        "interface": False,
        "implements": [],
        "accountRelation": {"type": "list"},
        "schema": {"type": "object", "properties": {"n": {}, "to": {}}, "additionalProperties": False},
    }
)
NUMBERS: Final = StreamId.of(MODEL, MODEL_EVENT.cid)


def document(number: int, **content: object) -> BuiltEvent:
    """The init event of a document; each number has one of its own."""
    return BUILDER.init(NUMBERS, {"n": number, **content}, unique=number.to_bytes(12, "big"))


def change(init: BuiltEvent, prev: BuiltEvent, number: int) -> BuiltEvent:
    """An event that sets the number of a document."""
    return BUILDER.data(init.cid, prev.cid, [{"op": "replace", "path": "/n", "value": number}])


def id_of(init: BuiltEvent) -> StreamId:
    """The StreamID of a document."""
    return StreamId.of(MODEL_INSTANCE, init.cid)


def post(node: RunningNode, event: BuiltEvent) -> Reply:
    """The answer to an event that is posted to ceramic-one's API."""
    return node.post("/ceramic/events", {"data": multibase.encode(event.car, "m")})
