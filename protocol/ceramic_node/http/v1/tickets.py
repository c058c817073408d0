"""Tickets for feeds: see `ceramic_node.http.guard.tickets`."""

from __future__ import annotations

from typing import Annotated, Final, TypedDict

from aiohttp import hdrs, web

from ceramic_node.http.guard.tickets import TICKETS, TOKEN
from ceramic_node.http.v1.api.params import NoParameters
from ceramic_node.http.v1.api.shapes import Doc
from ceramic_node.http.v1.json_text import dumps
from ceramic_protocol.limits import TICKET_SECONDS

TEXT: Final = """A ticket for one feed, for browsers.

`EventSource` and `WebSocket` of browsers send no headers, and so no token. Give them the ticket in the query:
it opens `/feed/stream`, `/feed/ws`, `/states/feed/stream` or `/states/feed/ws` once, within a minute, and
counts as the token with which it was asked for.
"""


class Ticket(TypedDict):
    """A ticket."""

    ticket: Annotated[str, Doc("To be given as the parameter `ticket`.")]
    seconds: Annotated[float, Doc("For so long it can be used.")]


async def post_ticket(request: web.Request, asked: NoParameters) -> web.StreamResponse:
    """Make one."""
    del asked
    ticket = request.config_dict[TICKETS].issue(request.get(TOKEN))
    body = Ticket(ticket=ticket, seconds=TICKET_SECONDS)
    headers = {hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=dumps(body), content_type="application/json", headers=headers)
