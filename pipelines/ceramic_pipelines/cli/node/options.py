"""What commands on nodes have in common."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

from ceramic_connectors.config import Loaded
from ceramic_node.config import NodeConfig
from ceramic_protocol.errors import UsageError

STORE_SETTINGS: Final = ("network", "store", "durability")
"""Those that say which store is meant."""

_EXTRA: Final = "aiohttp"


def check_extra() -> None:
    """See to it that what a node needs is installed.

    Raises:
        UsageError: it isn't.
    """
    if importlib.util.find_spec(_EXTRA) is None:
        raise UsageError("nodes need the extra node: install ceramic-streams[node]")


def store_folder(loaded: Loaded[NodeConfig]) -> Path:
    """The folder of a store that lasts.

    Raises:
        UsageError: the configuration names none.
    """
    folder = loaded.config.folder
    if folder is None:
        raise UsageError("that is for stores that last; name one with --store FOLDER")
    return folder
