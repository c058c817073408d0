"""What js-ceramic's API says of a node itself."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.legacy.errors import LegacyError, as_json
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import OutsideError

_STORE_SECONDS: Final = 5.0


async def chains(request: web.Request) -> web.Response:
    """GET `/node/chains`: where anchors of the network may lie; none for a local one, which takes any."""
    names: list[Json] = [*sorted(request.app[NODE].network.chains)]
    return as_json({"supportedChains": names})


async def healthcheck(request: web.Request) -> web.Response:
    """GET `/node/healthcheck`: 200, or 503 if the store doesn't answer.

    There is no IPFS to be looked at; `checkIpfs=false` says not to look at the store either.
    """
    if request.query.get("checkIpfs") != "false":
        node = request.app[NODE]
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await node.read(node.events.head)
        except (OutsideError, TimeoutError):
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="store unreachable")
    return web.Response(text="Alive!", content_type="text/html", charset="utf-8")


async def refuse_writing(request: web.Request) -> web.Response:
    """What js-ceramic says on a node that only reads."""
    del request
    raise LegacyError("Method not supported by read only Ceramic")
