"""Events for stores, which judge nothing: their CARs are whole, but nobody has signed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent
from tests.support.signing import Made, plain

ALICE, BOB = "did:key:alice", "did:key:bob"
NOTE, POST = (StreamId.of(MODEL, Cid.of(name)) for name in (b"note", b"post"))


def init(name: object, controller: str = ALICE, model: StreamId | None = NOTE, **header: object) -> NewEvent:
    """An init event."""
    named: Mapping[str, object] = {} if model is None else {"model": bytes(model), "sep": "model"}
    made = plain({"data": name, "header": {"controllers": [controller], **named, **header}})
    return NewEvent(made.car, CheckedEvent(made.cid, made.cid, Kind.INIT, None, _block(made), model=model))


def model(name: str) -> NewEvent:
    """The init event of a model."""
    return init(name, model=METAMODEL)


def data(stream: NewEvent, prev: NewEvent, name: object) -> NewEvent:
    """A data event."""
    made = plain({"id": stream.checked.cid, "prev": prev.checked.cid, "data": name})
    return NewEvent(
        made.car, CheckedEvent(made.cid, stream.checked.cid, Kind.DATA, prev.checked.cid, _block(made))
    )


def time(stream: NewEvent, prev: NewEvent, name: object = 0) -> NewEvent:
    """A time event of which nothing is known yet."""
    made = plain({"id": stream.checked.cid, "prev": prev.checked.cid, "data": ["time", name]})
    report = CheckedEvent(made.cid, stream.checked.cid, Kind.TIME, prev.checked.cid, b"")
    return NewEvent(made.car, report._replace(reason=Reason.ANCHOR_CHAIN_UNKNOWN, detail="no chain"))


def proven(event: NewEvent, timestamp: int = 500) -> NewEvent:
    """The same time event after its chain has answered."""
    return known_as(event, timestamp=timestamp, chain_id="eip155:1", reason=None, detail=None)


def bare(event: NewEvent) -> NewEvent:
    """A copy of a time event without its witnesses, in other bytes."""
    reason = Reason.ANCHOR_WITNESS_MISSING
    return NewEvent(event.car + b"\0", known_as(event, reason=reason, detail="none").checked)


def nameless(event: NewEvent) -> NewEvent:
    """The same time event in the form of old, which doesn't name its stream."""
    return known_as(event, stream=None)


def known_as(event: NewEvent, **report: Any) -> NewEvent:
    """The same event with another report."""
    return event._replace(checked=event.checked._replace(**report))


def chain_of(stream: NewEvent, length: int) -> list[NewEvent]:
    """Data events that build on each other, the first one on the init event."""
    events = [stream]
    for number in range(length):
        events.append(data(stream, events[-1], number))
    return events[1:]


def _block(made: Made) -> bytes:
    return made.blocks[-1][1]
