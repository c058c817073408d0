"""Who answers what is asked of feeds."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ceramic_node.http.v1.feed import asked
from ceramic_node.http.v1.feed.following import Following
from ceramic_node.http.v1.feed.paging import read_page
from ceramic_node.http.v1.feed.socket import serve_socket
from ceramic_node.http.v1.feed.source import Source
from ceramic_node.http.v1.feed.sse import serve_events
from ceramic_node.http.v1.keys import CONSUMERS

_JSON = "application/json"


async def events_page(request: web.Request, given: asked.EventsByPage) -> web.StreamResponse:
    """A page of events."""
    source, after = await given.source(request)
    return await _page(source, after, given, "events")


async def events_stream(request: web.Request, given: asked.EventsFollowed) -> web.StreamResponse:
    """Events by Server-Sent Events."""
    source, after = await given.source(request, given.last_event_id)
    return await serve_events(request, _following(request, source, after, given.seconds))


async def events_socket(request: web.Request, given: asked.EventsBySocket) -> web.StreamResponse:
    """Events through a WebSocket."""
    source, after = await given.source(request)
    return await serve_socket(
        request, _following(request, source, after, given.seconds), "events", given.credit
    )


async def changes_page(request: web.Request, given: asked.ChangesByPage) -> web.StreamResponse:
    """A page of changes."""
    source, after = await given.source(request)
    return await _page(source, after, given, "changes")


async def changes_stream(request: web.Request, given: asked.ChangesFollowed) -> web.StreamResponse:
    """Changes by Server-Sent Events."""
    source, after = await given.source(request, given.last_event_id)
    return await serve_events(request, _following(request, source, after, given.seconds))


async def changes_socket(request: web.Request, given: asked.ChangesBySocket) -> web.StreamResponse:
    """Changes through a WebSocket."""
    source, after = await given.source(request)
    return await serve_socket(
        request, _following(request, source, after, given.seconds), "changes", given.credit
    )


async def _page(source: Source, after: int, given: asked.Paged, name: str) -> web.StreamResponse:
    read = await read_page(source, after, given.limit, given.wait)
    body = b'{"%b":[%b],"resume":"%b","is_end":%b}' % (
        name.encode(),
        b",".join([item.form for item in read.items]),
        f"{source.token_start}{read.after}".encode(),
        b"true" if read.is_end else b"false",
    )
    return web.Response(body=body, content_type=_JSON, headers={"Cache-Control": "no-store"})


def _following(request: web.Request, source: Source, after: int, seconds: float | None) -> Following:
    until = None if seconds is None else asyncio.get_running_loop().time() + seconds
    return Following(source, request.app[CONSUMERS], after, until)
