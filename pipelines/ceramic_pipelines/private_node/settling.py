"""Waiting until a node has made the states that follow from its events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from threading import Event
from typing import Any

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.foreign.asking import Asker
from ceramic_protocol.limits import (
    MAX_FOREIGN_SMALL_ANSWER_BYTES,
    PRIVATE_NODE_POLL_SECONDS,
    SOURCE_TOLD_SECONDS,
)


def info(url: str, token: str) -> Mapping[str, Any]:
    """What a node says of itself (`NodeInfo`, docs/node-api.md).

    Raises:
        NodeUnreachableError: it can't now.
        NodeRefusedError: it won't.
    """
    with closing(Asker(Endpoint.parse(url), token)) as asker:
        return asker.ask_json("/v1/info", MAX_FOREIGN_SMALL_ANSWER_BYTES)


def settle(url: str, token: str, stopping: Event, tell: Callable[[str], None]) -> Mapping[str, Any] | None:
    """What a node says as soon as its states are made; None if it is to stop before."""
    told = time.monotonic()
    while not stopping.is_set():
        try:
            found = info(url, token)
        except NodeUnreachableError:
            # Whoever runs the node sees whether it has died.
            stopping.wait(PRIVATE_NODE_POLL_SECONDS)
            continue
        lag = found["follower"]["lag"]
        if not lag:
            return found
        if time.monotonic() > told + SOURCE_TOLD_SECONDS:
            told = time.monotonic()
            tell(f"making states: {lag:,} changes are left")
        stopping.wait(PRIVATE_NODE_POLL_SECONDS)
    return None
