"""Which scope a request needs: by the route that was found for it, not by the path as it was written."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from ceramic_node.http.guard.tokens import Scope

OPEN_ROUTES: Final = frozenset({"/", "/status", "/health", "/ready", "/ceramic/liveness"})
"""Say nothing of what the node holds; probes ask them without a token."""

READ_POSTS: Final = frozenset(
    {
        "/ceramic/version",
        "/v1/tickets",
        *(f"/api/v0/{name}" for name in ("collection", "collection/count", "multiqueries", "version", "id")),
    }
)
"""Routes that are asked by POST and change nothing."""

_ADMIN: Final = re.compile(r"/(?:peers|interests|backup|admin|pins|debug)(?:/|$)")
_SAFE: Final = frozenset({"GET", "HEAD"})
_DEBUG: Final = re.compile(r"/(?:debug|admin)(?:/|$)")


def route_of(request: web.Request) -> str:
    """The template of a request's route, such as `/ceramic/events/{event_id}`; empty if there is none."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def scope_of(method: str, route: str) -> Scope | None:
    """The scope that a request needs; None if everybody may ask.

    Whatever isn't known to change nothing counts as writing, on paths that don't exist too.
    """
    if method == "OPTIONS" or (method in _SAFE and route in OPEN_ROUTES):
        return None
    if method in _SAFE:
        return Scope.ADMIN if _DEBUG.search(route) else Scope.READ
    if route in READ_POSTS:
        return Scope.READ
    return Scope.ADMIN if _ADMIN.search(route) else Scope.WRITE
