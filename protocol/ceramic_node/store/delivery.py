"""Which events of a batch are delivered, and what they have been waited for: the same for every backend."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import is_init, stream_of


def plan_delivery(
    fresh: Iterable[CheckedEvent],
    delivered_in: Callable[[Cid], Cid | None],
    waiting_for: Callable[[Cid], Iterable[CheckedEvent]],
) -> dict[Cid, Cid]:
    """What to deliver when new events come, in order: each event's CID, and the stream that it belongs to.

    The order is that of the batch wherever that has parents first; what waits for an event follows it. New
    events that are not among the answers have to wait.

    Args:
        fresh: events that the store doesn't have, each once.
        delivered_in: the stream of an event that the store has delivered; None for any other event.
        waiting_for: the events in the store that wait and have this one as prev.
    """
    placed: dict[Cid, Cid] = {}
    held: dict[Cid, list[CheckedEvent]] = {}

    def stream_for(event: CheckedEvent) -> Cid | None:
        if is_init(event) or event.prev is None:
            return event.cid if is_init(event) else None
        stream = placed.get(event.prev) or delivered_in(event.prev)
        return stream if stream_of(event) in {None, stream} else None

    for event in fresh:
        if stream_for(event) is None and event.prev is not None:
            held.setdefault(event.prev, []).append(event)
            continue
        queue = deque([event])
        while queue:
            following = queue.popleft()
            stream = stream_for(following)
            if stream is not None and following.cid not in placed:
                placed[following.cid] = stream
                queue.extend(held.pop(following.cid, ()))
                queue.extend(waiting_for(following.cid))
    return placed
