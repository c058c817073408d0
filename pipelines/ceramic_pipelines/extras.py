"""Parts of the distribution that are installed only if they are asked for."""

from __future__ import annotations

import importlib.util
from typing import Final

from ceramic_protocol.errors import UsageError

_OF_NODES: Final = "aiohttp"


def check_node_extra() -> None:
    """See to it that what a node needs is installed.

    Raises:
        UsageError: it isn't.
    """
    if importlib.util.find_spec(_OF_NODES) is None:
        raise UsageError("nodes need the extra node: install ceramic-streams[node]")
