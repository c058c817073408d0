"""What entries of feeds look like."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from ceramic_node.http.v1.api.shapes import Doc

Verdict = Literal["valid", "rejected", "pending"]

Cid = Annotated[str, Doc("", "^(b[a-z2-7]+|Qm[1-9A-HJ-NP-Za-km-z]+)$")]
Stream = Annotated[str, Doc("", "^k[0-9a-z]+$")]
Resume = Annotated[str, Doc("Opaque: what to go on with behind this.")]
KindName = Literal["init", "data", "time"]
KIND_NAMES: Final[tuple[KindName, ...]] = ("init", "data", "time")
"""By the number of the kind."""


class Check(TypedDict):
    """What an event's own checks say: form, signature, capability, proof of time."""

    verdict: Verdict
    reason: str | None
    detail: str | None


class Judgement(TypedDict):
    """What an event is worth within its stream."""

    verdict: Verdict
    reason: str | None
    detail: str | None
    height: int | None
    is_canonical: bool
    anchored_at: Annotated[int | None, Doc("Unix second before which an anchor proves that it was there.")]
    expires_at: Annotated[
        int | None, Doc("Unix second at which its capability runs out, unless it is anchored by then.")
    ]


class FeedEvent(TypedDict):
    """An event as it stands in the feed: each comes once, behind its prev."""

    position: Annotated[int, Doc("Grows along the feed; there may be gaps.")]
    resume: Resume
    received: Annotated[int, Doc("Unix milliseconds at which it came into the feed.")]
    cid: Cid
    kind: KindName
    stream_id: Stream
    model: Stream | None
    controller: Annotated[str, Doc("The first one of the init header.")]
    prev: Cid | None
    signer: Annotated[str | None, Doc("DID of the key that signed it.")]
    capability: Annotated[Cid | None, Doc("CID of the CACAO under which it was signed.")]
    timestamp: Annotated[int | None, Doc("Unix second of a proven time event.")]
    chain_id: Annotated[str | None, Doc("CAIP-2 id of the chain of a proven time event.")]
    check: Check
    judged: NotRequired[
        Annotated[Judgement | None, Doc("With `judged` or `settled`; null if it has not been judged.")]
    ]
    payload: NotRequired[
        Annotated[Any, Doc("With `includeData=payload` or `full`: the signed payload as DAG-JSON.")]
    ]
    car: NotRequired[Annotated[str, Doc("With `includeData=car` or `full`: its CAR in multibase.")]]


class FeedPage(TypedDict):
    """A page of the feed."""

    events: list[FeedEvent]
    resume: Resume
    is_end: Annotated[bool, Doc("Whether the feed ended there, for now.")]


class ServerSentEvent(TypedDict):
    """A message as a browser hands it on."""

    event: NotRequired[Literal["message", "live", "lagging", "stopping"]]
    id: NotRequired[Resume]
    data: NotRequired[
        Annotated[str, Doc("JSON: of a message the entry, as in a page; of others an object with `resume`.")]
    ]
    retry: NotRequired[Annotated[int, Doc("Milliseconds until a browser is to connect again.")]]


class ChangeEvent(TypedDict):
    """A tip that moved: undo, then apply."""

    position: Annotated[int, Doc("Grows along the feed of changes; there are gaps.")]
    resume: Resume
    stream_id: Stream
    model: Stream | None
    controller: Annotated[str | None, Doc("The first one of the init header; null while that isn't there.")]
    old_tip: Cid | None
    new_tip: Cid | None
    undone: Annotated[list[Cid], Doc("Events that no longer count, the last one first.")]
    applied: Annotated[list[Cid], Doc("Events that count now, in order.")]
    cause: Literal["appended", "anchor", "event", "verdict"]
    state: NotRequired[
        Annotated[Any, Doc("With `includeData=state`: metadata and content after `new_tip`, if it has any.")]
    ]


class ChangePage(TypedDict):
    """A page of the feed of changes."""

    changes: list[ChangeEvent]
    resume: Resume
    is_end: Annotated[bool, Doc("Whether the feed ended there, for now.")]
