"""The reading half of js-ceramic's older HTTP API, for applications that were written for it (api.md 2).

What it has for writing, administration and pinning isn't here: events are written by ceramic-one's API or
ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from ceramic_node.http.handlers import Handler, add_resource
from ceramic_node.http.legacy import about, collection, multiqueries, streams
from ceramic_node.http.legacy.described import PATHS

__all__ = ["PATHS", "add_routes"]

_ROUTES: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/collection": {"POST": collection.post_collection},
    "/collection/count": {"POST": collection.post_count},
    "/commits": {"POST": about.refuse_writing},
    "/commits/{streamid}": {"GET": streams.get_commits},
    "/multiqueries": {"POST": multiqueries.post_multiqueries},
    "/node/chains": {"GET": about.chains},
    "/node/healthcheck": {"GET": about.healthcheck},
    "/streams": {"POST": about.refuse_writing},
    "/streams/{streamid}": {"GET": streams.get_state},
    "/streams/{streamid}/content": {"GET": streams.get_content},
}


def add_routes(app: web.Application) -> None:
    """Serve the API below `/api/v0`."""
    for path, handlers in _ROUTES.items():
        add_resource(app, f"/api/v0{path}", handlers)
