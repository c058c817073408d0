"""The HTTP API of ceramic-one: its paths, encodings, status codes and words (api.md 1.1 to 1.6).

The SDK's clients run against it unchanged. Where we answer otherwise on purpose, `docs/deviations.md` says
so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from ceramic_node.http.handlers import Handler, add_resource
from ceramic_node.http.one import about, events, feed, interests, kubo, peers, ranges, streams
from ceramic_node.http.one.described import PATHS

__all__ = ["PATHS", "add_routes"]

_ROUTES: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/config/network": {"GET": about.network},
    "/debug/heap": {"GET": about.heap},
    "/events": {"POST": events.post_event},
    "/events/{event_id:[^/]*}": {"GET": events.get_event},
    "/experimental/events/{sep:[^/]*}/{sep_value:[^/]*}": {"GET": ranges.get_range},
    "/experimental/interests": {"GET": interests.get_interests},
    "/feed/events": {"GET": feed.get_feed},
    "/feed/resumeToken": {"GET": feed.resume_token},
    "/interests": {"POST": interests.post_interest},
    "/interests/{sort_key:[^/]*}/{sort_value:[^/]*}": {"POST": interests.post_interest_by_path},
    "/liveness": {"GET": about.liveness},
    "/peers": {"GET": peers.get_peers, "POST": peers.post_peer},
    "/streams/{stream_id:[^/]*}": {"GET": streams.get_stream},
    "/version": {"GET": about.version, "POST": about.version},
}


def add_routes(app: web.Application) -> None:
    """Serve the API below `/ceramic`, and beside it what is left of its imitation of Kubo."""
    for path, handlers in _ROUTES.items():
        add_resource(app, f"/ceramic{path}", handlers)
    add_resource(app, "/api/v0/version", {"POST": kubo.version}, options=False)
    add_resource(app, "/api/v0/id", {"POST": kubo.identity}, options=False)
