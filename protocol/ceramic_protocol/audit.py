"""A stream as it was: at one of its events, or at a time.

Both look at the history as it is known now. Another anchor that comes to light later can move the canonical
log (consensus.md 1.7), and with it the answer for a time. The state at an event stays, as an event names all
that it builds on; only whether it is valid can change, where a capability runs out.
"""

from __future__ import annotations

from collections.abc import Sequence

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.limits import MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain


def state_at_commit(history: StreamHistory, cid: Cid) -> Judged:
    """A valid event with the state after it, on its own branch, whether or not that branch has won.

    js-ceramic answers only for events of the canonical log; for another one it fails.

    Raises:
        IdentifierError: the stream has no such event, as far as its events are known.
        UsageError: the event is rejected or pending, so there is no state after it.
    """
    found = history.judged.get(cid)
    if found is None:
        msg = f"{cid} is no event of stream {history.stream_id}, {_known(history)}"
        raise IdentifierError(msg)
    if found.reason is not None:
        detail = plain(found.detail or found.reason.summary, MAX_TOLD_CHARS)
        before = _standing_before(history, found)
        msg = f"{cid} is {found.outcome.value} ({found.reason.value}: {detail}), so it has no state; {before}"
        raise UsageError(msg)
    return found


def state_at_time(history: StreamHistory, unix_seconds: int) -> Judged | None:
    """What anchors prove of the canonical log at a time: an event with the state after it.

    The rule is js-ceramic's (`commitAtTime`): go along the canonical log, and take the last time event before
    the first one that is later than the time. So events without an anchor never count, and neither does a
    time event behind a later one, should the order of the log not be that of the times. Before the first
    anchor it is the init event, whenever that was made. js-ceramic takes time 0 for now; here it is a time
    like any other.

    Returns:
        None for a stream without a valid init event.
    """
    if not history.log:
        return None
    place = last_proven([history.judged[cid].event.timestamp for cid in history.log], unix_seconds)
    return history.judged[history.log[place]]


def last_proven(timestamps: Sequence[int | None], unix_seconds: int) -> int:
    """The place in a canonical log that a time means, see `state_at_time`.

    Args:
        timestamps: of the events of the log, None for those that are no time events.
        unix_seconds: the time.
    """
    found = 0
    for place, timestamp in enumerate(timestamps):
        if timestamp is not None:
            if timestamp > unix_seconds:
                break
            found = place
    return found


def log_to(history: StreamHistory, cid: Cid) -> tuple[Cid, ...]:
    """The log that leads to an event: from the init event, or from the first one that is at hand, to it.

    Raises:
        IdentifierError: the stream has no such event, as far as its events are known.
    """
    if cid not in history.judged:
        msg = f"{cid} is no event of stream {history.stream_id}, {_known(history)}"
        raise IdentifierError(msg)
    log: list[Cid] = []
    at: Cid | None = cid
    while at is not None and at in history.judged:
        log.append(at)
        at = history.judged[at].event.prev
    return tuple(reversed(log))


def _known(history: StreamHistory) -> str:
    if not history.judged:
        return "of which no events are known"
    tip = f"the tip is {history.tip}" if history.tip else "none of them valid"
    return f"of which {len(history.judged):,} events are known; {tip}"


def _standing_before(history: StreamHistory, item: Judged) -> str:
    for cid in reversed(log_to(history, item.event.cid)):
        if history.judged[cid].reason is None:
            return f"the last valid event before it is {cid}"
    return "no event before it is valid"
