"""The state of a stream at its tip (api.md 1.5)."""

from __future__ import annotations

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.one.asking import segments
from ceramic_node.http.one.errors import as_json, as_utf8, not_found
from ceramic_node.http.one.identifiers import as_stream_id
from ceramic_node.http.settled import settled_stream
from ceramic_node.states.records import Dimensions, EventRow
from ceramic_protocol import multibase
from ceramic_protocol.ids import StreamId

_BASE = "u"


async def get_stream(request: web.Request) -> web.Response:
    """GET `/streams/{stream_id}`: the state after the canonical tip, whichever branch came last."""
    (text,) = segments(request, 1)
    stream_id = as_stream_id(text)
    found = await settled_stream(request.app[NODE], stream_id.cid)
    dimensions = None if found is None else found.row.dimensions
    if found is None or found.tip is None or dimensions is None:
        return not_found(str(stream_id))
    if dimensions.stream_type != stream_id.stream_type:
        return not_found(str(stream_id))
    return as_json(_state(stream_id, dimensions, found.tip))


def _state(stream_id: StreamId, dimensions: Dimensions, tip: EventRow) -> dict[str, object]:
    return {
        "id": str(stream_id),
        "event_cid": str(tip.cid),
        "controller": dimensions.controller,
        "dimensions": {
            "context": _encoded(dimensions.context),
            "controller": _encoded(as_utf8(dimensions.controller)),
            "model": _encoded(dimensions.model),
            "unique": _encoded(dimensions.unique),
        },
        "data": _encoded(tip.data),
    }


def _encoded(data: bytes | None) -> str:
    return multibase.encode(data or b"", _BASE)
