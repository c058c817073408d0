"""Our own HTTP API: feeds with filters that can be followed, states now and then, explanations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api.document import document
from ceramic_node.http.v1.api.serving import application
from ceramic_node.http.v1.feed.consumers import Consumers
from ceramic_node.http.v1.feed.shared import SharedReading
from ceramic_node.http.v1.info import program_version
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.keys import CONSUMERS, EPOCHS, JUDGES, SHARED
from ceramic_node.http.v1.operations import OPERATIONS, PREFIX
from ceramic_node.http.v1.tokens import Epochs
from ceramic_protocol.limits import NODE_JUDGES

DOCUMENT_PATH: Final = "/openapi.json"


def add_routes(
    app: web.Application,
    cors_origins: Sequence[str] = ("*",),
    others: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """Serve the API below `/v1`.

    Args:
        app: the application, which has the node already.
        cors_origins: from where browsers may come, `*` for anywhere.
        others: what the document says of paths of other APIs.
    """
    inner = application(OPERATIONS)
    node = app[NODE]
    consumers = Consumers(node)
    inner[EPOCHS] = Epochs(node)
    app[CONSUMERS] = inner[CONSUMERS] = consumers
    inner[SHARED] = SharedReading()
    inner[JUDGES] = asyncio.Semaphore(NODE_JUDGES)
    text = dumps(document(OPERATIONS, prefix=PREFIX, version=program_version(), others=others))

    async def tell(request: web.Request) -> web.Response:
        """The document of the API."""
        del request
        return web.Response(body=text, content_type="application/json")

    async def stop(_app: web.Application) -> None:
        consumers.stop()

    inner.router.add_get(DOCUMENT_PATH, tell)
    inner.on_shutdown.append(stop)
    app.add_subapp(PREFIX, inner)
    _add_headers(app, cors_origins)


def _add_headers(app: web.Application, cors_origins: Sequence[str]) -> None:
    """Let pages of these origins read the answers."""
    allowed = frozenset(cors_origins)

    async def put(request: web.Request, response: web.StreamResponse) -> None:
        if not request.path.startswith(f"{PREFIX}/"):
            return
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        origin = request.headers.get(hdrs.ORIGIN)
        if "*" in allowed:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        elif origin in allowed:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers.add(hdrs.VARY, hdrs.ORIGIN)

    app.on_response_prepare.append(put)
