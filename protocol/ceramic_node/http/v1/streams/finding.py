"""Finding a stream that is asked for, with all that is known of it."""

from __future__ import annotations

from typing import NamedTuple

from ceramic_node.http.settled import settled_stream
from ceramic_node.http.v1.problems import BEHIND, STREAM_UNKNOWN, TOO_LONG, Problem
from ceramic_node.node import Node
from ceramic_node.states.records import Dimensions, EventRow, StreamRow
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.ids import StreamId
from ceramic_protocol.lifecycle.errors import StreamUnknown
from ceramic_protocol.limits import MAX_LISTED_EVENTS
from ceramic_protocol.reasons import Finding


class Found(NamedTuple):
    """A stream that has a tip. `is_behind` says that events have come that this doesn't tell of yet."""

    stream_id: StreamId
    row: StreamRow
    dimensions: Dimensions
    tip: EventRow
    is_behind: bool


async def find_stream(node: Node, stream_id: StreamId, wait: float) -> Found:
    """A stream, after waiting up to so many seconds for what came by now to be judged.

    Raises:
        StreamUnknown: it has no valid init event.
        Problem: it has another type, or could not be judged in time.
    """
    stream = stream_id.cid
    entry = await node.read(node.events.entry, stream)
    if entry is None:
        raise StreamUnknown(stream_id)
    if entry.facts.stream_id != stream_id:
        raise Problem(
            STREAM_UNKNOWN, f"the stream of that init event is {entry.facts.stream_id}, of another type"
        )
    found = await settled_stream(node, stream, wait)
    if found is None or found.row.dimensions is None:
        raise Problem(BEHIND, "the stream is there, but has not been judged yet")
    row, tip = found
    if tip is None:
        init = await node.read(node.states.event, stream, stream)
        reason = None if init is None else init.reason
        detail = "" if init is None or reason is None else init.detail or reason.summary
        raise StreamUnknown(stream_id, None if reason is None else Finding(reason, detail))
    followed = (await node.read(node.states.head)).version
    if row.dimensions is None:
        raise StoreCorruption(f"stream {stream_id} has a tip and no header")
    return Found(stream_id, row, row.dimensions, tip, max(row.version, followed) < entry.version)


async def canonical_log(node: Node, found: Found) -> list[EventRow]:
    """The events of the canonical log, without their states.

    Raises:
        Problem: there are too many events.
    """
    return [row for row in await valid_events(node, found) if row.is_canonical]


async def valid_events(node: Node, found: Found) -> list[EventRow]:
    """All valid events by height and CID, without their states.

    Raises:
        Problem: there are too many.
    """
    if found.row.valid > MAX_LISTED_EVENTS:
        told = f"{found.row.valid:,} valid events; at most {MAX_LISTED_EVENTS:,} are listed"
        raise Problem(TOO_LONG, told)
    return await node.read(node.states.valid_events, found.stream_id.cid)
