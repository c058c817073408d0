"""Reading a stream's state with all that the node has got of it by now."""

from __future__ import annotations

import asyncio

from ceramic_node.node import Node
from ceramic_node.states.records import StreamStateRow
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import STATE_WAIT_SECONDS


async def settled_stream(
    node: Node, stream: Cid, seconds: float = STATE_WAIT_SECONDS
) -> StreamStateRow | None:
    """A stream with what follows from the events that were there when this was called.

    The follower is waited for, so that whoever has written reads what was written. If it takes longer than
    `seconds`, what is known then is the answer.

    Returns:
        The stream, or None if the node has no init event of it, or if nothing is known of it in time.
    """
    loop = asyncio.get_running_loop()
    entry = await node.read(node.events.entry, stream)
    if entry is None:
        return None
    until = loop.time() + seconds
    while True:
        number = node.settled.number
        found, version = await node.read(_look, node, stream)
        known = 0 if found is None else found.row.version
        left = until - loop.time()
        if max(known, version) >= entry.version or left <= 0:
            return found
        await node.settled.wait(number, left)


def _look(node: Node, stream: Cid) -> tuple[StreamStateRow | None, int]:
    """What is known of a stream, and the version up to which everything was followed before that was read."""
    version = node.states.head().version
    return node.states.stream(stream), version
