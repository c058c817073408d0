"""What streams look like."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from ceramic_node.http.v1.api.shapes import Doc
from ceramic_node.http.v1.events.shapes import EventState
from ceramic_node.http.v1.feed.shapes import Cid, KindName, Resume, Stream

Commit = Annotated[str, Doc("CommitID: stream and event.", "^k[0-9a-z]+$")]
Bytes = Annotated[str, Doc("Bytes in multibase (base64url).", "^u[A-Za-z0-9_-]*$")]


class StreamItem(TypedDict):
    """A stream in a list."""

    stream_id: Stream
    type: Annotated[str, Doc("`model`, `MID` (model instance), `tile`, `caip10-link`, or a number.")]
    controller: Annotated[str, Doc("The first one of the init header.")]
    model: Stream | None
    context: Bytes | None
    unique: Bytes | None
    tip: Annotated[Cid | None, Doc("Null without a valid init event, and while it has not been judged.")]
    length: Annotated[int, Doc("Events of the canonical log.")]
    has_forks: Annotated[bool, Doc("Whether there are valid events outside of the canonical log.")]
    last_anchored: Annotated[int | None, Doc("Unix second of the last anchor of the canonical log.")]
    state: NotRequired[Annotated[EventState | None, Doc("With `includeData=state`: the one after the tip.")]]


class StreamPage(TypedDict):
    """A page of streams, in the order in which their init events came."""

    streams: list[StreamItem]
    resume: Resume
    is_end: Annotated[bool, Doc("Whether there are no more of them, for now.")]


class StreamView(TypedDict):
    """A stream after one of its events."""

    stream_id: Stream
    type: str
    controller: str
    model: Stream | None
    context: Bytes | None
    unique: Bytes | None
    tip: Cid
    length: Annotated[int, Doc("Events of the canonical log.")]
    has_forks: Annotated[bool, Doc("Whether there are valid events outside of the canonical log.")]
    first_anchored: int | None
    last_anchored: int | None
    is_behind: Annotated[bool, Doc("Whether events have come that this doesn't tell of yet.")]
    event: Annotated[Cid, Doc("After which the state is; `expected_tip` for whoever writes on from it.")]
    commit_id: Commit
    height: int
    is_canonical: bool
    anchored_at: Annotated[
        int | None, Doc("Unix second before which an anchor proves that the event was there.")
    ]
    expires_at: Annotated[
        int | None,
        Doc("Unix second at which the event's capability runs out, unless it is anchored by then."),
    ]
    state: Annotated[EventState | None, Doc("Null for types of streams that have none.")]


class LogEntry(TypedDict):
    """An event of the canonical log."""

    cid: Cid
    kind: KindName
    height: int
    signer: str | None
    timestamp: Annotated[int | None, Doc("Unix second, of time events.")]
    chain_id: str | None
    anchored_at: int | None


class StreamLog(TypedDict):
    """A page of a canonical log."""

    stream_id: Stream
    tip: Cid
    length: int
    log: list[LogEntry]
    next: Annotated[int | None, Doc("`from` of the next page; null after the last one.")]


class StreamTips(TypedDict):
    """Where a stream ends."""

    stream_id: Stream
    tip: Annotated[Cid, Doc("The canonical one.")]
    leaves: Annotated[list[Cid], Doc("All valid events that nothing valid builds on.")]


class Written(TypedDict):
    """What became of a write on an expected tip."""

    stream_id: Stream
    tip: Annotated[Cid, Doc("The event that was written.")]
    commit_id: Commit
    is_new: Annotated[bool, Doc("False if the very same was there already, as when a request is repeated.")]
    state: EventState | None


class ModelItem(TypedDict):
    """A model."""

    stream_id: Stream
    controller: str
    name: str | None
    definition: Annotated[Any, Doc("As it was published.")]


class ModelPage(TypedDict):
    """A page of models, in the order in which they came."""

    models: list[ModelItem]
    resume: Resume
    is_end: bool


class TreeEvent(TypedDict):
    """An event of a tree."""

    cid: Cid
    kind: KindName
    prev: Cid | None
    height: int | None
    verdict: Literal["valid", "rejected", "pending"]
    reason: str | None
    detail: str | None
    timestamp: int | None
    canonical: bool


class TreeBranch(TypedDict):
    """A branch of valid events."""

    first: Cid
    tip: Cid
    events: int
    events_to_anchor: int | None
    anchored_at: int | None
    lost_by: str | None
    sentence: str | None


class TreeChoice(TypedDict):
    """Why one of several branches won."""

    at: Cid
    height: int | None
    canonical: bool
    cause: str
    sentence: str
    branches: list[TreeBranch]
    excluded: list[Cid]


class StreamTree(TypedDict):
    """All events of a stream, and the choice at every fork."""

    stream_id: Stream
    tip: Cid | None
    reason: str | None
    tie_break: str
    log: list[Cid]
    events: list[TreeEvent]
    choices: list[TreeChoice]
