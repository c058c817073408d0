"""Asking for one event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import orjson
from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.settled import settled_stream
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import in_path, maybe, usually
from ceramic_node.http.v1.events.bodies import CAR
from ceramic_node.http.v1.events.shapes import EventView
from ceramic_node.http.v1.feed.forms import IncludeData, check_of, judgement_of, payload_of
from ceramic_node.http.v1.feed.shapes import KIND_NAMES
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.keys import EPOCHS
from ceramic_node.http.v1.problems import EVENT_PRUNED, EVENT_UNKNOWN, Problem
from ceramic_node.http.v1.texts import car_text, maybe_cid, stream_text
from ceramic_node.http.v1.tokens import Feed
from ceramic_node.node import Node
from ceramic_node.states.records import EventRow
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_WAIT_SECONDS, STATE_WAIT_SECONDS
from ceramic_protocol.stored import StoredEvent, StreamEntry

# Whoever has an event's CID knows what its bytes are.
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class EventFormat(StrEnum):
    """How an event is told."""

    JSON = "json"
    CAR = "car"


@dataclass(frozen=True, slots=True)
class GetEvent:
    """Which event, and how it is told."""

    cid: Cid = in_path(kinds.CID, "CID of the event.")
    format: EventFormat | None = maybe(
        kinds.choice(EventFormat),
        f"JSON, or the CAR as it came. If it isn't given, `Accept` decides: {CAR} or JSON.",
    )
    include_data: IncludeData = usually(
        kinds.choice(IncludeData),
        IncludeData.PAYLOAD,
        "How much of it comes along in JSON: `none`, the signed `payload`, its `car`, or both (`full`).",
        "includeData",
    )
    wait: float = usually(
        kinds.seconds(MAX_WAIT_SECONDS),
        STATE_WAIT_SECONDS,
        "How many seconds to wait for it to be judged, if it has only just come.",
    )


async def get_event(request: web.Request, asked: GetEvent) -> web.StreamResponse:
    """One event, delivered or waiting."""
    node = request.config_dict[NODE]
    stored = await node.read(node.events.event, asked.cid)
    if stored is None:
        raise Problem(EVENT_UNKNOWN, EVENT_UNKNOWN.summary)
    if asked.format is EventFormat.CAR or (asked.format is None and _wants_car(request)):
        if stored.is_pruned:
            raise Problem(EVENT_PRUNED, EVENT_PRUNED.summary)
        return web.Response(body=stored.car, content_type=CAR, headers=_FOR_EVER | {hdrs.VARY: hdrs.ACCEPT})
    stream = stored.checked.stream
    if stream is not None:
        await settled_stream(node, stream, asked.wait)
    entry, row = await node.read(_look, node, stream, asked.cid)
    resume = None
    if stored.position is not None:
        resume = str(await request.app[EPOCHS].token(Feed.EVENTS, stored.position))
    body = dumps(_view(stored, entry, row, resume, asked.include_data))
    headers = {hdrs.VARY: hdrs.ACCEPT, hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=body, content_type="application/json", headers=headers)


def _wants_car(request: web.Request) -> bool:
    return CAR in request.headers.get(hdrs.ACCEPT, "")


def _look(node: Node, stream: Cid | None, cid: Cid) -> tuple[StreamEntry | None, EventRow | None]:
    return (None, None) if stream is None else (node.events.entry(stream), node.states.event(cid, stream))


def _view(
    stored: StoredEvent,
    entry: StreamEntry | None,
    row: EventRow | None,
    resume: str | None,
    include: IncludeData,
) -> EventView:
    checked = stored.checked
    found = EventView(
        cid=str(checked.cid),
        pruned=stored.is_pruned,
        kind=KIND_NAMES[checked.kind],
        stream_id=None if entry is None else stream_text(entry.facts.stream_id),
        prev=maybe_cid(checked.prev),
        position=stored.position,
        resume=resume,
        signer=checked.signer,
        capability=maybe_cid(checked.capability),
        timestamp=checked.timestamp,
        chain_id=checked.chain_id,
        check=check_of(checked),
        judged=None if row is None else judgement_of(row),
        # The text is JSON already; it is put into the answer as it is.
        state=None if row is None or row.data is None else orjson.Fragment(row.data),  # type: ignore[typeddict-item]
    )
    if include.has_payload:
        found["payload"] = payload_of(checked)
    if include.has_car and not stored.is_pruned:
        found["car"] = car_text(stored.car)
    return found
