"""Verdicts, states and the tip of a stream at once (consensus.md 1.6, section 4).

`evaluate` is a function of the *set* of a stream's events and of what is said with it, of nothing else.
"""

from __future__ import annotations

from collections.abc import Collection

from ceramic_protocol.cid import Cid
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.live_stream import LiveStream
from ceramic_protocol.models.context import Context
from ceramic_protocol.rules import Rules


def evaluate(
    stream: Cid,
    known: EventSet,
    rules: Rules,
    context: Context,
    foreign: Collection[bytes] = frozenset(),
) -> StreamHistory:
    """Judge every event of a stream, fold the states and resolve the tip.

    Args:
        stream: CID of the stream's init event.
        known: the events that name this stream as theirs.
        rules: the time that counts as now, and how to decide.
        context: what is known of models and other streams; what depends on more is pending.
        foreign: CIDs, among those that the set refers to, of events known to be of other streams.
    """
    return LiveStream(stream, rules, context, foreign, known=known).history()
