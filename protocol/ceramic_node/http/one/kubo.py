"""What is left of ceramic-one's imitation of Kubo: who a node is (api.md 1.6).

js-ceramic asks for it at its start. Blocks, pins and peers are not served; nothing but js-ceramic on top of
the node would need them.
"""

from __future__ import annotations

import platform

from aiohttp import web

from ceramic_node.http.keys import NEIGHBOURHOOD
from ceramic_node.http.one.about import API_VERSION
from ceramic_node.http.one.errors import as_json

_PROTOCOL_VERSION = "ceramic-one/0.58.0"


async def version(request: web.Request) -> web.Response:
    """POST `/api/v0/version`."""
    del request
    system = f"{platform.machine()}/{platform.system().lower()}"
    return as_json({"Commit": "", "System": system, "Version": API_VERSION})


async def identity(request: web.Request) -> web.Response:
    """POST `/api/v0/id`: the node itself, which tells no addresses."""
    return as_json(
        {
            "ID": str(request.app[NEIGHBOURHOOD].peer_id),
            "Addresses": [],
            "AgentVersion": f"ceramic-one/{API_VERSION}",
            "ProtocolVersion": _PROTOCOL_VERSION,
            "Protocols": [],
        }
    )
