"""The folder of a node that a source is told to read."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from ceramic_node.store.sqlite import StoreInUse
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.lock import FolderLock
from ceramic_node.store.sqlite.reading import open_reader
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import PRIVATE_NODE_POLL_SECONDS
from ceramic_protocol.networks import Network


def network_of(store: Path, asked: Network | None) -> Network:
    """The network of a store, which is to be the one that was asked for, if one was.

    Raises:
        UsageError: there is no store, or it is of another network.
        CeramicError: it can't be read.
    """
    if not (store / FILE_NAME).exists():
        raise UsageError(f"there is no store in {store}; name the folder of a node")
    with closing(open_reader(store)) as reader:
        found = reader.network
    if asked is not None and asked != found:
        raise UsageError(f"the store in {store} is of network {found.name}, not {asked.name}")
    return found


def check_free(store: Path, seconds: float) -> None:
    """See to it that no node runs on a store.

    Args:
        store: its folder.
        seconds: how long to wait for one that ends, as that of a source which was killed.

    Raises:
        OutsideError: one does.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            FolderLock(store).release()
        except StoreInUse as error:
            if time.monotonic() > until:
                raise OutsideError(
                    f"{error}, or let the source read the node that runs on it: give the address of its API"
                    " as --source"
                ) from None
        else:
            return
        time.sleep(PRIVATE_NODE_POLL_SECONDS)
