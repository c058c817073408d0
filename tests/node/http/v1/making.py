"""Events for the tests of our API, and short ways to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.multibase import encode
from tests.support.node import Reply, RunningNode

CAR: Final = "application/vnd.ipld.car"
LINES: Final = "application/x-ndjson"
JSON: Final = "application/json"

ALICE: Final = EventBuilder(Ed25519Signer(bytes(31) + b"\1"))
BOB: Final = EventBuilder(Ed25519Signer(bytes(31) + b"\2"))


def definition(name: str) -> dict[str, object]:
    """Of a model whose documents have a text."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}
    return {"version": "1.0", "name": name, "accountRelation": {"type": "list"}, "schema": schema}


NOTES: Final = ALICE.model(definition("Note"))
POSTS: Final = ALICE.model(definition("Post"))
NOTE: Final = StreamId.of(MODEL, NOTES.cid)
POST: Final = StreamId.of(MODEL, POSTS.cid)


def document(
    text: str, by: EventBuilder = ALICE, model: StreamId = NOTE, unique: bytes = b"a document.."
) -> BuiltEvent:
    """An init event."""
    return by.init(model, {"text": text}, unique=unique)


def update(init: BuiltEvent, prev: BuiltEvent, text: object, by: EventBuilder = ALICE) -> BuiltEvent:
    """A data event."""
    return by.data(init.cid, prev.cid, [{"op": "replace", "path": "/text", "value": text}])


def stream_of(init: BuiltEvent) -> StreamId:
    """The document of an init event."""
    return StreamId.of(MODEL_INSTANCE, init.cid)


def chain(count: int, number: int = 0, by: EventBuilder = ALICE, model: StreamId = NOTE) -> list[BuiltEvent]:
    """A document and its updates, in order."""
    init = document("0", by, model, number.to_bytes(12, "big"))
    events = [init]
    for text in range(1, count):
        events.append(update(init, events[-1], str(text), by))
    return events


def submit(node: RunningNode, *events: BuiltEvent) -> None:
    """Hand events in, and wait until they are judged."""
    node.submit(*(event.car for event in events))


def car_text(event: BuiltEvent) -> str:
    """Its CAR in multibase."""
    return encode(event.car, "m")


def post_car(node: RunningNode, path: str, car: bytes) -> Reply:
    """Send a CAR."""
    return node.post(path, car, **{"Content-Type": CAR})


def post_lines(node: RunningNode, *cars: str) -> list[Any]:
    """Send CARs line by line; gives the outcomes."""
    body = b"".join(orjson.dumps({"car": car}) + b"\n" for car in cars)
    said = node.post("/v1/events", body, **{"Content-Type": LINES})
    assert (said.status, said.headers["content-type"]) == (200, LINES)
    return [orjson.loads(line) for line in said.body.splitlines()]


def get(node: RunningNode, path: str, **query: Any) -> Reply:
    """Ask; a list is a parameter that is given several times."""
    given = query_text(query)
    return node.get(f"/v1{path}?{given}" if given else f"/v1{path}")


def query_text(query: Mapping[str, Any]) -> str:
    """A query as it is sent."""
    texts = {
        name: [*map(str, value)] if isinstance(value, list) else str(value) for name, value in query.items()
    }
    return urlencode(texts, doseq=True)


def cids(events: Sequence[BuiltEvent]) -> list[str]:
    """Their CIDs as they are told."""
    return [str(event.cid) for event in events]


def text_of(cid: Cid | None) -> str | None:
    """A CID as it is told."""
    return None if cid is None else str(cid)
