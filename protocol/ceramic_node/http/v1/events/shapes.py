"""What is sent and told of single events."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from ceramic_node.http.v1.api.shapes import Doc
from ceramic_node.http.v1.feed.shapes import Check, Cid, Judgement, KindName, Resume, Stream

CarText = Annotated[str, Doc("A CAR in multibase; any base will do.", "^.")]


class OneEvent(TypedDict):
    """An event."""

    car: CarText


class ManyEvents(TypedDict):
    """Several events."""

    cars: Annotated[list[CarText], Doc("In any order; each has its own outcome.")]


class EventOutcome(TypedDict):
    """What became of an event that was handed in.

    `new`, `known` and `better` mean that it is kept, the last one that this copy took the place of a worse
    one. `not_wanted` (with `interests=apply`), `refused`, `missing` (what it builds on, with `needs_prev` or
    `interests=apply`), `no_room` and `failed` (the node had too much to do) mean that it isn't.
    """

    cid: Cid | None
    outcome: Literal["new", "known", "better", "not_wanted", "refused", "missing", "no_room", "failed"]
    reason: Annotated[str | None, Doc("Why it is refused, or why its own checks are pending.")]
    detail: str | None
    missing: Annotated[Cid | None, Doc("What it builds on and the node has not got.")]


class EventOutcomes(TypedDict):
    """Outcomes, in the order of the events."""

    events: list[EventOutcome]


class EventState(TypedDict):
    """What an event made of its stream."""

    metadata: dict[str, Any]
    content: Any


class EventView(TypedDict):
    """An event that the node has, in the feed or waiting for what it builds on."""

    cid: Cid
    pruned: Annotated[bool, Doc("Whether the node has given up its bytes: then `payload` is null.")]
    kind: KindName
    stream_id: Annotated[Stream | None, Doc("Null while its init event isn't there.")]
    prev: Cid | None
    position: Annotated[int | None, Doc("In the feed; null while it waits.")]
    resume: Annotated[Resume | None, Doc("What to go on with behind it in the feed.")]
    signer: str | None
    capability: Cid | None
    timestamp: int | None
    chain_id: str | None
    check: Check
    judged: Annotated[Judgement | None, Doc("Null if it has not been judged yet.")]
    state: Annotated[
        EventState | None, Doc("The state after it, if it is valid and streams of its type have one.")
    ]
    payload: NotRequired[Annotated[Any, Doc("The signed payload as DAG-JSON.")]]
    car: NotRequired[Annotated[str, Doc("Its CAR in multibase.")]]
