"""A node that holds what its interests say: what it takes over from others, and what it gives up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from ceramic_node import metrics
from ceramic_node.config.node import NodeConfig
from ceramic_node.neighbourhood import Neighbourhood
from ceramic_node.node import Node
from ceramic_node.wanted.events import WantedEvents
from ceramic_node.wanted.pruning import Pruner, Tally
from ceramic_node.wanted.related import RelatedStreams
from ceramic_node.wanted.wish import Wish
from ceramic_node.watching.meter import Meter
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.interests import Interest
from ceramic_protocol.limits import PRUNE_PAUSE_SECONDS, PRUNE_ROUND_SECONDS
from ceramic_protocol.ports import Clock
from ceramic_protocol.store_port import EventStore

_LOG: Final = logging.getLogger(__name__)


def related_streams(
    config: NodeConfig, events: EventStore, registered: Callable[[], Iterable[Interest]], clock: Clock
) -> RelatedStreams:
    """What a node is to hold, and what this refers to.

    Args:
        config: names it.
        events: the store.
        registered: gives the interests that were registered with the node.
        clock: tells which of them have expired.
    """
    return RelatedStreams(events, Wish(config.interests, registered, config.network, clock))


async def start_holding(node: Node, config: NodeConfig, neighbourhood: Neighbourhood) -> Pruner | None:
    """Let a node's interests apply to what comes in; gives what prunes it, None if it holds everything.

    Raises:
        CeramicError: a store fails.
    """
    if not config.interests:
        return None
    own = partial(neighbourhood.interests.list, neighbourhood.peer_id)
    related = await asyncio.to_thread(related_streams, config, node.events, own, node.clock)
    node.intake.wanted = WantedEvents(node.events, related)
    return Pruner(node.events, node.states, related, node.clock, config.retention)


async def prune_now_and_then(
    pruner: Pruner, meter: Meter, on_corruption: Callable[[StoreCorruption], object]
) -> None:
    """Give up what isn't wanted, round after round, until this is cancelled."""
    while True:
        try:
            await _round(pruner, meter)
        except StoreCorruption as error:
            on_corruption(error)
            return
        except Exception:  # noqa: BLE001  # the next round may fare better
            _LOG.exception("what isn't wanted can't be pruned")
        await asyncio.sleep(PRUNE_ROUND_SECONDS)


async def _round(pruner: Pruner, meter: Meter) -> None:
    steps, total = pruner.steps(), Tally()
    while (done := await asyncio.to_thread(next, steps, None)) is not None:
        total = total.plus(done)
        meter.count(metrics.PRUNED, amount=done.events)
        meter.count(metrics.PRUNED_BYTES, amount=done.bytes)
        await asyncio.sleep(PRUNE_PAUSE_SECONDS)
    if total.events:
        _LOG.info(
            "pruned %d events (%d bytes) of streams that no interest covers, %d of these to the end",
            total.events,
            total.bytes,
            total.streams,
        )
