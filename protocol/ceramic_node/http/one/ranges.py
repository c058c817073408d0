"""The events of a model, a controller or a stream, by pages: `/experimental/events` (api.md 1.2).

They come in the order of the feed, and `resumeOffset` is a position there. So pages stay what they are while
events come in, which a number of events to be skipped doesn't promise.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.one.asking import segments, small_number
from ceramic_node.http.one.errors import Refused, json_bytes
from ceramic_node.http.one.events import event_json
from ceramic_node.http.one.identifiers import as_data
from ceramic_node.node import Node
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_ANSWER_CHUNK, MAX_ANSWER_EVENT_BYTES, MAX_STORE_PAGE
from ceramic_protocol.stored import FeedFilter

NEEDS_CONTROLLER: Final = "controller is required if stream_id is specified"

_MAX_LOOKS: Final = 64
"""Pages of the store that are read for one answer; where few events fit, the answer ends early."""


async def get_range(request: web.Request) -> web.Response:
    """GET `/experimental/events/{sep}/{sepValue}`: a page behind an offset, with the one to go on with."""
    sep, value = segments(request, 2)
    limit, offset = small_number(request, "limit"), small_number(request, "offset")
    limit = MAX_STORE_PAGE if limit is None or limit < 0 else min(limit, MAX_STORE_PAGE)
    wanted = _filter(as_data(value), request.query.get("controller"), request.query.get("streamId"))
    after = 0 if offset is None or offset < 0 else offset
    if wanted is None:
        return _page([], after, is_complete=True)
    return await _read(request.app[NODE], sep, wanted, after, limit)


def _filter(value: bytes, controller: str | None, stream: str | None) -> FeedFilter | None:
    """What is asked for; None if no event can be that.

    Raises:
        Refused: a stream without its controller, or what is no StreamID.
    """
    if stream is not None and controller is None:
        raise Refused(NEEDS_CONTROLLER)
    try:
        init = None if stream is None else StreamId.from_bytes(as_data(stream)).cid
    except IdentifierError as error:
        raise Refused(f"stream_id: {error}") from None
    try:
        return FeedFilter(StreamId.from_bytes(value), init, controller)
    except IdentifierError:
        return None


async def _read(node: Node, sep: str, wanted: FeedFilter, after: int, limit: int) -> web.Response:
    found: list[bytes] = []
    size = looks = 0
    while len(found) < limit and size < MAX_ANSWER_EVENT_BYTES and looks < _MAX_LOOKS:
        looks += 1
        count = min(limit - len(found), MAX_ANSWER_CHUNK)
        page = await node.read(node.events.feed, after, count, wanted=wanted, with_cars=True)
        for entry in page.entries:
            if entry.facts.sep_key == sep:
                found.append(event_json(entry.checked.cid, entry.car))
                size += len(entry.car or b"")
        if page.looked_to <= after:
            return _page(found, after, is_complete=True)
        after = page.looked_to
    return _page(found, after, is_complete=False)


def _page(events: list[bytes], offset: int, *, is_complete: bool) -> web.Response:
    end = b"true" if is_complete else b"false"
    body = b'{"events":[%b],"resumeOffset":%d,"isComplete":%b}' % (b",".join(events), offset, end)
    return json_bytes(body)
