"""Time events without `id`, as js-ceramic's anchor service once made them: which stream are they of?

That of `prev`, as in js-ceramic (consensus.md 1.6). A host finds it before it groups events by stream: it
collects the events that tell no stream, looks up where they lead (`ends_of`), and hands on the answer
(`streams_of`). The answer follows from the set of events, so neither order nor partitioning matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.history import Judged
from ceramic_protocol.reasons import Reason

_Cid = TypeVar("_Cid", bound=bytes)


def ends_of(prevs: Mapping[_Cid, _Cid]) -> dict[_Cid, _Cid]:
    """The first event before each of these that is none of them: the one to look up.

    Takes time in proportion to their number, however long the chains.

    Args:
        prevs: CID and prev of every time event that tells no stream.
    """
    ends: dict[_Cid, _Cid] = {}
    for start in prevs:
        way, at = [], start
        while at in prevs and at not in ends:
            # Also ends the walk on a circle, which hashes rule out.
            ends[at] = at
            way.append(at)
            at = prevs[at]
        ends.update(dict.fromkeys(way, ends.get(at, at)))
    return ends


def streams_of(ends: Mapping[_Cid, _Cid], streams: Mapping[_Cid, _Cid]) -> dict[_Cid, _Cid]:
    """The stream of each event that has one; the others stay without until more is known.

    Args:
        ends: what `ends_of` said.
        streams: the streams of those ends, as far as these are known, by their CIDs.
    """
    return {cid: streams[end] for cid, end in ends.items() if end in streams}


def judge_unplaced(event: CheckedEvent) -> Judged:
    """The verdict on an event without a stream: what it says of itself, else that its prev is missing."""
    if event.reason is not None:
        return Judged(event, event.reason, event.detail, None)
    return Judged(event, Reason.PREV_MISSING, f"the stream of prev {event.prev} is unknown", None)
