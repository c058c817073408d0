"""The HTTP application of a node: its APIs under one roof, each in a package of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from ceramic_node.http import legacy, one, v1
from ceramic_node.http.guard.tickets import TICKETS, Tickets
from ceramic_node.http.handlers import Handler, Middleware, add_nothing
from ceramic_node.http.headers import add_headers
from ceramic_node.http.keys import NEIGHBOURHOOD, NODE
from ceramic_node.neighbourhood import Neighbourhood
from ceramic_node.node import Node
from ceramic_protocol.limits import MAX_REQUEST_BYTES

__all__ = ["Handler", "HttpSettings", "Middleware", "make_app"]


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How a node answers: whom browsers may come from, and how large a request may be, in bytes."""

    cors_origins: Sequence[str] = ("*",)
    max_request_bytes: int = MAX_REQUEST_BYTES


def make_app(
    node: Node,
    settings: HttpSettings | None = None,
    middlewares: Sequence[Middleware] = (),
    neighbourhood: Neighbourhood | None = None,
) -> web.Application:
    """The application, to be run by aiohttp.

    Args:
        node: started by whoever runs the application.
        settings: how it answers.
        middlewares: what every request goes through first, such as the check of tokens.
        neighbourhood: what the node has to do with other ones; nothing if it isn't said.
    """
    settings = settings or HttpSettings()
    app = web.Application(client_max_size=settings.max_request_bytes, middlewares=middlewares)
    app[NODE] = node
    app[TICKETS] = Tickets()
    app[NEIGHBOURHOOD] = neighbourhood or Neighbourhood()
    add_headers(app, settings.cors_origins)
    one.add_routes(app)
    legacy.add_routes(app)
    v1.add_routes(app, settings.cors_origins, {**one.PATHS, **legacy.PATHS})
    for prefix in ("/ceramic", "/api/v0"):
        add_nothing(app, prefix)
    return app
