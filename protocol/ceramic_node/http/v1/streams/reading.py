"""States of one stream: at its tip, at an event, at a time; its content alone, its log, its tips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import in_path, maybe, usually
from ceramic_node.http.v1.feed.shapes import KIND_NAMES
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.problems import EVENT_UNKNOWN, NO_STATE, USAGE, Problem, told
from ceramic_node.http.v1.streams.finding import Found, canonical_log, find_stream, valid_events
from ceramic_node.http.v1.streams.shapes import LogEntry, StreamLog, StreamTips, StreamView
from ceramic_node.http.v1.texts import bytes_text, maybe_stream, stream_text
from ceramic_node.node import Node
from ceramic_node.states.records import EventRow
from ceramic_protocol.audit import last_proven
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.limits import MAX_LISTED_EVENTS, MAX_STORE_PAGE, MAX_WAIT_SECONDS, STATE_WAIT_SECONDS
from ceramic_protocol.reasons import Finding

_CONTENT_MARK: Final = b',"content":'
_JSON: Final = "application/json"
_MILLIS: Final = 1000
_WAIT_WORDS: Final = "How many seconds to wait for what has only just come to be judged."


@dataclass(frozen=True, slots=True)
class GetState:
    """Which stream, and when."""

    stream: StreamId | CommitId = in_path(
        kinds.STREAM_OR_COMMIT, "StreamID, or a CommitID for the state after that event."
    )
    at: int | kinds.Now | None = maybe(
        kinds.MOMENT, "The state that anchors prove of a time: RFC 3339, unix milliseconds, or `now`."
    )
    wait: float = usually(kinds.seconds(MAX_WAIT_SECONDS), STATE_WAIT_SECONDS, _WAIT_WORDS)


@dataclass(frozen=True, slots=True)
class GetStream:
    """Which stream."""

    stream: StreamId = in_path(kinds.STREAM, "StreamID.")
    wait: float = usually(kinds.seconds(MAX_WAIT_SECONDS), STATE_WAIT_SECONDS, _WAIT_WORDS)


@dataclass(frozen=True, slots=True)
class GetLog:
    """Which part of which stream's log."""

    stream: StreamId = in_path(kinds.STREAM, "StreamID.")
    start: int = usually(
        kinds.whole(0, MAX_LISTED_EVENTS), 0, "Place in the log to begin with; 0 is the init event.", "from"
    )
    limit: int = usually(kinds.whole(1, MAX_STORE_PAGE), 1000, "How many events at most.")
    wait: float = usually(kinds.seconds(MAX_WAIT_SECONDS), STATE_WAIT_SECONDS, _WAIT_WORDS)


async def get_state(request: web.Request, asked: GetState) -> web.StreamResponse:
    """A stream with its state."""
    found, event = await _at(request.config_dict[NODE], asked)
    return _answer(dumps(_view(found, event)))


async def get_content(request: web.Request, asked: GetState) -> web.StreamResponse:
    """The content alone, for whoever doesn't speak of streams."""
    _found, event = await _at(request.config_dict[NODE], asked)
    if event.data is None:
        raise Problem(NO_STATE, "streams of that type have no content that is told")
    tag = f'"{event.cid}"'
    headers = {hdrs.ETAG: tag, hdrs.CACHE_CONTROL: "no-cache"}
    if request.headers.get(hdrs.IF_NONE_MATCH) == tag:
        return web.Response(status=304, headers=headers)
    # Metadata come first, and hold nothing but flags and links.
    content = event.data[event.data.index(_CONTENT_MARK) + len(_CONTENT_MARK) : -1]
    return web.Response(body=content, content_type=_JSON, headers=headers)


async def get_log(request: web.Request, asked: GetLog) -> web.StreamResponse:
    """The canonical log, page by page."""
    node = request.config_dict[NODE]
    found = await find_stream(node, asked.stream, asked.wait)
    log = await canonical_log(node, found)
    stop = asked.start + asked.limit
    page = StreamLog(
        stream_id=stream_text(found.stream_id),
        tip=str(log[-1].cid if log else found.tip.cid),
        length=len(log),
        log=list(map(_log_entry, log[asked.start : stop])),
        next=stop if stop < len(log) else None,
    )
    return _answer(dumps(page))


async def get_tips(request: web.Request, asked: GetStream) -> web.StreamResponse:
    """The canonical tip and all leaves."""
    node = request.config_dict[NODE]
    found = await find_stream(node, asked.stream, asked.wait)
    rows = await valid_events(node, found)
    inner = {row.prev for row in rows}
    leaves = [str(row.cid) for row in rows if row.cid not in inner]
    tips = StreamTips(stream_id=stream_text(found.stream_id), tip=str(found.tip.cid), leaves=leaves)
    return _answer(dumps(tips))


async def _at(node: Node, asked: GetState) -> tuple[Found, EventRow]:
    """The stream, and the event that is meant."""
    what = asked.stream
    if isinstance(what, CommitId):
        if asked.at is not None:
            raise Problem(USAGE, "a CommitID names an event: give a StreamID to ask for a time")
        found = await find_stream(node, what.stream, asked.wait)
        return found, await _event(node, found, what.cid)
    found = await find_stream(node, what, asked.wait)
    if asked.at is None:
        return found, found.tip
    millis = node.clock.now() if isinstance(asked.at, kinds.Now) else asked.at
    log = await canonical_log(node, found)
    if not log:
        return found, found.tip
    place = last_proven([row.timestamp for row in log], millis // _MILLIS)
    return found, await _event(node, found, log[place].cid)


async def _event(node: Node, found: Found, cid: Cid) -> EventRow:
    row = await node.read(node.states.event, cid, found.stream_id.cid)
    if row is None:
        raise Problem(EVENT_UNKNOWN, f"{cid} is no event of stream {found.stream_id}, as far as is known")
    if row.reason is not None:
        finding = Finding(row.reason, row.detail or row.reason.summary)
        raise Problem(NO_STATE, f"{cid} is {row.outcome.value}, so there is no state after it", told(finding))
    return row


def _view(found: Found, event: EventRow) -> StreamView:
    row, dimensions = found.row, found.dimensions
    return StreamView(
        stream_id=stream_text(found.stream_id),
        type=found.stream_id.type_name,
        controller=dimensions.controller,
        model=maybe_stream(dimensions.model),
        context=bytes_text(dimensions.context),
        unique=bytes_text(dimensions.unique),
        tip=str(found.tip.cid),
        length=row.length,
        has_forks=row.has_forks,
        first_anchored=row.first_anchored,
        last_anchored=row.last_anchored,
        is_behind=found.is_behind,
        event=str(event.cid),
        commit_id=str(CommitId.of(found.stream_id, event.cid)),
        height=event.height or 0,
        is_canonical=event.is_canonical,
        anchored_at=event.anchored_at,
        expires_at=event.expires_at,
        state=state_text(event),
    )


def state_text(event: EventRow | None) -> Any:
    """The state after an event, as JSON text that is put into an answer as it is; None if there is none."""
    if event is None or event.data is None or event.reason is not None:
        return None
    return orjson.Fragment(event.data)


def _log_entry(row: EventRow) -> LogEntry:
    return LogEntry(
        cid=str(row.cid),
        kind=KIND_NAMES[row.kind],
        height=row.height or 0,
        signer=row.signer,
        timestamp=row.timestamp,
        chain_id=row.chain_id,
        anchored_at=row.anchored_at,
    )


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, content_type=_JSON, headers={hdrs.CACHE_CONTROL: "no-store"})
