"""What ceramic-one's API says of a node itself."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.one.errors import Refused, as_json

API_VERSION: Final = "0.58.0"
"""The release of ceramic-one whose API this is; clients may decide by it what they can ask for."""


async def liveness(request: web.Request) -> web.Response:
    """GET `/liveness`: 200 as long as anybody answers."""
    del request
    return web.Response()


async def version(request: web.Request) -> web.Response:
    """GET and POST `/version`."""
    del request
    return as_json({"version": API_VERSION})


async def network(request: web.Request) -> web.Response:
    """GET `/config/network`."""
    return as_json({"name": request.app[NODE].network.name})


async def heap(request: web.Request) -> web.Response:
    """GET `/debug/heap`: always as where profiling is off, for anybody could read everything there."""
    del request
    raise Refused("heap profiling not enabled")
