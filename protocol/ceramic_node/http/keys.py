"""What handlers find in their application."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ceramic_node.neighbourhood import Neighbourhood
from ceramic_node.node import Node

NODE: Final = web.AppKey("node", Node)
NEIGHBOURHOOD: Final = web.AppKey("neighbourhood", Neighbourhood)

FAILURE: Final = web.RequestKey("failure", Exception)
"""Why the node itself failed, where a handler has made an answer of that."""
