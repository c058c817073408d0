"""What the tests of ceramic-one's failures share: events, how they are posted, and what is asked then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ceramic_protocol import dagcbor
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.multibase import encode
from tests.node.http.v1 import making
from tests.node.http.v1.making import ALICE, NOTE
from tests.node.sql.serving import Serving
from tests.support.node import Reply, RunningNode


def post(node: RunningNode, event: BuiltEvent) -> int:
    """Post an event as clients of ceramic-one do; gives the status."""
    return node.post("/ceramic/events", {"data": encode(event.car, "m")}).status


def write(served: Serving, *events: BuiltEvent) -> None:
    """Post events that have to be taken, and wait until tables and states have them."""
    for event in events:
        assert post(served.running, event) == 204
    served.settle()


def write_together(served: Serving, *events: BuiltEvent) -> None:
    """Send events in one request, so that they are kept in one batch, whatever becomes of each."""
    making.post_lines(served.running, *map(making.car_text, events))
    served.settle()


def note(name: str, model: StreamId = NOTE, **content: object) -> BuiltEvent:
    """The init event of a document; each name has one of its own."""
    return ALICE.init(model, content or {"text": name}, unique=name.encode().ljust(12, b"."))


def defined(name: str, **members: object) -> BuiltEvent:
    """The init event of a model; members take the place of the usual ones, and a model with more is newer."""
    newer = {"version": "2.0", "interface": False, "implements": []} if members else {}
    return ALICE.model({**making.definition(name), **newer, **members})


def model_of(event: BuiltEvent) -> StreamId:
    """The model that an event begins."""
    return StreamId.of(MODEL, event.cid)


def id_of(event: BuiltEvent) -> StreamId:
    """The document that an event begins."""
    return StreamId.of(MODEL_INSTANCE, event.cid)


def patch(init: BuiltEvent, prev: BuiltEvent, *operations: Mapping[str, object]) -> BuiltEvent:
    """A data event with these operations."""
    return ALICE.data(init.cid, prev.cid, list(operations))


def strange_init(model: object) -> BuiltEvent:
    """A validly signed init event that names this as its model."""
    header = {"controllers": [ALICE.controller], "model": model, "sep": "model", "unique": b"strange"}
    return ALICE.envelop(dagcbor.encode({"data": {"text": "strange"}, "header": header}))


def stream(served: Serving, init: BuiltEvent) -> Reply:
    """The state by ceramic-one's API."""
    return served.running.get(f"/ceramic/streams/{id_of(init)}")


def content(served: Serving, init: BuiltEvent) -> Any:
    """A document's content."""
    return making.get(served.running, f"/streams/{id_of(init)}/content").json()


def tip(served: Serving, init: BuiltEvent) -> str:
    """The CID of the event that a document's state is that of."""
    found: str = stream(served, init).json()["event_cid"]
    return found


def errors(served: Serving, event: BuiltEvent) -> list[str] | None:
    """What the table of states says against an event; None if it has no row."""
    rows = served.rows("SELECT validation_errors FROM event_states WHERE event_cid = $1", (bytes(event.cid),))
    assert len(rows) <= 1, "an event has one row"
    return rows[0][0] if rows else None


def cids(served: Serving, table: str) -> list[Cid]:
    """The events of a table, in its order."""
    order = "conclusion_event_order" if table == "conclusion_events" else "event_state_order"
    return [Cid.from_bytes(row[0]) for row in served.rows(f"SELECT event_cid FROM {table} ORDER BY {order}")]


def assert_whole(served: Serving, *events: BuiltEvent) -> None:
    """Each of these events stands once in both tables, and its stream is served."""
    for table in ("conclusion_events", "event_states"):
        found = cids(served, table)
        assert [found.count(event.cid) for event in events] == [1] * len(events), table


def streams_are_there(served: Serving, *inits: BuiltEvent) -> None:
    """The state of each of these streams is served."""
    assert [stream(served, init).status for init in inits] == [200] * len(inits)
