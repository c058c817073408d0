"""What commands on nodes have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ceramic_connectors.config import Loaded
from ceramic_node.config import NodeConfig
from ceramic_protocol.errors import UsageError

STORE_SETTINGS: Final = ("network", "store", "durability")
"""Those that say which store is meant."""


def store_folder(loaded: Loaded[NodeConfig]) -> Path:
    """The folder of a store that lasts.

    Raises:
        UsageError: the configuration names none.
    """
    folder = loaded.config.folder
    if folder is None:
        raise UsageError("that is for stores that last; name one with --store FOLDER")
    return folder
