"""Streams whose events were pruned after they had been judged: what was kept of them stays as it is.

What comes to such a stream later can't be judged, as what it builds on says nothing any more. It is kept, and
waits (`payload_pruned`). Once all of the stream has been handed in again it is judged as any other.
"""

from __future__ import annotations

from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import EventRow, StreamRow, storable
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.stored import StreamSnapshot


def freeze(writer: StateWriter, row: StreamRow, news: StreamSnapshot) -> None:
    """Take note of what has come to a pruned stream, and leave all else as it was.

    Args:
        writer: the transaction that is under way.
        row: what is kept of the stream.
        news: what has changed of it since then.
    """
    known = writer.events(dict.fromkeys(news.events, row.stream))
    late = [event for cid, event in news.events.items() if cid not in known]
    # Time changes nothing any more either.
    kept = row._replace(version=max(row.version, news.version), turns_at=None)
    if late:
        kept = kept._replace(number=writer.draw())
    if kept != row:
        writer.put_stream(kept)
    writer.put_events([_waiting(event, row.stream, writer.draw()) for event in late])
    for event in late:
        writer.wake(event.cid)


def _waiting(event: CheckedEvent, stream: Cid, number: int) -> EventRow:
    reason, detail = Finding(Reason.PAYLOAD_PRUNED, f"stream {stream} was pruned")
    if event.reason is not None and event.outcome is Outcome.REJECTED:
        reason, detail = event.reason, event.detail or ""
    return EventRow(
        number,
        event.cid,
        stream,
        event.kind,
        event.prev,
        None,
        None,
        reason,
        storable(detail),
        None,
        event.timestamp,
        event.chain_id,
        None if event.signer is None else storable(event.signer),
        event.capability,
        None,
        is_canonical=False,
        expires_at=None,
    )
