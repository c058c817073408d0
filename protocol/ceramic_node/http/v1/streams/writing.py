"""Writing on a tip that was seen: kept only if the stream still has it (compare and set)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import in_path, required
from ceramic_node.http.v1.events.bodies import posted_events, whole
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.keys import JUDGES
from ceramic_node.http.v1.problems import TOO_LARGE, USAGE, Problem
from ceramic_node.http.v1.streams import shapes
from ceramic_node.http.v1.streams.judging import check_length, looker_of
from ceramic_node.http.v1.texts import stream_text
from ceramic_node.node import Node
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InitEvent, InvalidEvent, decode_event
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.lifecycle.errors import ConflictError, WriteRefused
from ceramic_protocol.lifecycle.updating import tip_in
from ceramic_protocol.lifecycle.writing import StreamWriter, Written
from ceramic_protocol.limits import MAX_LISTED_EVENTS
from ceramic_protocol.reasons import Finding
from ceramic_protocol.store_port import ANY_VERSION, EventStore
from ceramic_protocol.stored import NewEvent, PutResult

_MOST: Final = 100
"""Events of one write."""


@dataclass(frozen=True, slots=True)
class WriteOn:
    """On which tip of which stream."""

    stream: StreamId = in_path(kinds.STREAM, "StreamID.")
    expected_tip: Cid = required(
        kinds.CID, "The tip that the writer has seen. If it is another one by now, nothing is kept."
    )


class _Alone:
    """The node's store, to which is written only while the intake writes nothing."""

    def __init__(self, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self._node = node
        self._loop = loop

    def put(self, events: Sequence[NewEvent], *, if_versions: Mapping[Cid, int] = ANY_VERSION) -> PutResult:
        """See `EventStore`; from another thread than the loop's."""

        def put() -> PutResult:
            return self._node.events.put(events, if_versions=if_versions)

        kept = asyncio.run_coroutine_threadsafe(self._node.intake.run_alone(put), self._loop).result()
        self._node.tell_of_more()
        return kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node.events, name)


async def write_on(request: web.Request, asked: WriteOn) -> web.StreamResponse:
    """Keep events that become the tip, all of them or none."""
    node, posted = request.config_dict[NODE], await posted_events(request)
    if len(posted.cars) > _MOST:
        raise Problem(TOO_LARGE, f"{len(posted.cars):,} events; at most {_MOST} in one write")
    built = [_built(whole(car), asked.stream) for car in posted.cars]
    async with request.app[JUDGES]:
        written = await node.read(_write, node, asyncio.get_running_loop(), asked, built)
    body = dumps(_told(written, asked.stream))
    return web.Response(body=body, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"})


def _built(car: bytes, stream: StreamId) -> BuiltEvent:
    event = decode_event(car)
    if isinstance(event, InvalidEvent):
        raise WriteRefused(Finding(event.reason, event.detail))
    if isinstance(event, InitEvent):
        raise Problem(USAGE, "an init event builds on no tip: hand it in without one")
    if event.stream != stream.cid:
        raise Problem(USAGE, f"{event.cid} is of the stream of {event.stream}")
    return BuiltEvent(event.cid, car)


def _write(node: Node, loop: asyncio.AbstractEventLoop, asked: WriteOn, built: list[BuiltEvent]) -> Written:
    """See `StreamWriter`: what was judged is put only if the stream is still as it was judged."""
    check_length(node, asked.stream.cid, MAX_LISTED_EVENTS)

    def draft(history: StreamHistory) -> list[BuiltEvent]:
        tip = tip_in(history, asked.stream)
        if tip == built[-1].cid:
            return []
        if tip != asked.expected_tip:
            raise ConflictError(asked.stream, asked.expected_tip, tip)
        return built

    store = cast("EventStore", _Alone(node, loop))
    return StreamWriter(looker_of(node, store), node.verifier).write(asked.stream.cid, draft)


def _told(written: Written, stream: StreamId) -> shapes.Written:
    state = written.state
    content = state.at.state
    return shapes.Written(
        stream_id=stream_text(stream),
        tip=str(state.event),
        commit_id=str(state.commit_id),
        is_new=written.is_new,
        # The text is JSON already; it is put into the answer as it is.
        state=None if content is None else cast("Any", orjson.Fragment(content.json)),
    )
