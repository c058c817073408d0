"""Why a stream has the log it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import in_path, maybe, usually
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.keys import JUDGES
from ceramic_node.http.v1.problems import STREAM_UNKNOWN, Problem
from ceramic_node.http.v1.streams.judging import check_length, looker_of
from ceramic_node.node import Node
from ceramic_protocol.choices import stream_tree
from ceramic_protocol.drawing.as_json import tree_json
from ceramic_protocol.drawing.as_mermaid import tree_mermaid
from ceramic_protocol.drawing.as_svg import tree_svg
from ceramic_protocol.drawing.as_text import tree_text
from ceramic_protocol.ids import StreamId
from ceramic_protocol.lifecycle.errors import StreamUnknown
from ceramic_protocol.limits import MAX_EXPLAINED_EVENTS


class Drawing(StrEnum):
    """How a tree is told."""

    JSON = "json"
    MERMAID = "mermaid"
    SVG = "svg"
    TEXT = "text"


MEDIA_TYPES: Final = {
    Drawing.JSON: "application/json",
    Drawing.MERMAID: "text/vnd.mermaid",
    Drawing.SVG: "image/svg+xml",
    Drawing.TEXT: "text/plain",
}
_DRAWN: Final = {Drawing.MERMAID: tree_mermaid, Drawing.SVG: tree_svg, Drawing.TEXT: tree_text}


@dataclass(frozen=True, slots=True)
class Explain:
    """Which stream, and how."""

    stream: StreamId = in_path(kinds.STREAM, "StreamID.")
    format: Drawing | None = maybe(
        kinds.choice(Drawing), "How the tree is told. If it isn't given, `Accept` decides; else it is JSON."
    )
    full: bool = usually(
        kinds.TRUTH, default=False, text="Fold nothing, as far as the drawing doesn't get too large."
    )


async def explain(request: web.Request, asked: Explain) -> web.StreamResponse:
    """The tree of a stream's events, with the choice at every fork."""
    drawing = asked.format or _accepted(request.headers.get(hdrs.ACCEPT, ""))
    async with request.app[JUDGES]:
        node = request.config_dict[NODE]
        body = await node.read(_draw, node, asked.stream, drawing, full=asked.full)
    headers = {
        hdrs.VARY: hdrs.ACCEPT,
        hdrs.CACHE_CONTROL: "no-store",
        # Nothing in a picture is to be run, should a browser open it.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    charset = None if drawing is Drawing.JSON else "utf-8"
    return web.Response(body=body, content_type=MEDIA_TYPES[drawing], charset=charset, headers=headers)


def _accepted(accept: str) -> Drawing:
    """The first one of ours that is named."""
    for item in accept.split(","):
        media_type = item.partition(";")[0].strip().lower()
        for drawing, name in MEDIA_TYPES.items():
            if media_type == name:
                return drawing
    return Drawing.JSON


def _draw(node: Node, stream_id: StreamId, drawing: Drawing, *, full: bool) -> bytes:
    check_length(node, stream_id.cid, MAX_EXPLAINED_EVENTS)
    looker = looker_of(node)
    history = looker.look(stream_id.cid).live.history()
    if not history.judged:
        raise StreamUnknown(stream_id)
    if history.header is not None and history.stream_id != stream_id:
        raise Problem(
            STREAM_UNKNOWN, f"the stream of that init event is {history.stream_id}, of another type"
        )
    tree = stream_tree(history, looker.rules.tie_break)
    if drawing is Drawing.JSON:
        return dumps(tree_json(tree))
    text = "".join(f"{line}\n" for line in _DRAWN[drawing](tree, full=full))
    return text.encode("utf-8", "replace")
