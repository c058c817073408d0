"""A stream as it is, or as it was at one of its commits or at a time."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from ceramic_node.http.legacy.asking import StreamRef
from ceramic_node.http.legacy.errors import LegacyError
from ceramic_node.http.settled import settled_stream
from ceramic_node.node import Node
from ceramic_node.states.records import Dimensions, EventRow, StreamStateRow
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.events import Proof, TimeEvent, decode_event
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, CommitId, StreamId
from ceramic_protocol.limits import MAX_LEGACY_LOG

_LOG_ENTRY_BYTES: Final = 100


class Loaded(NamedTuple):
    """A stream at an event of its canonical log.

    Attributes:
        stream_id: the stream.
        dimensions: what its init header says.
        log: the canonical log up to the event, without states.
        data: DAG-JSON of the state after the event.
        proof: what the last anchor in that log stands on.
    """

    stream_id: StreamId
    dimensions: Dimensions
    log: Sequence[EventRow]
    data: bytes
    proof: Proof | None

    @property
    def size(self) -> int:
        """About how many bytes it takes to show it."""
        return len(self.data) + _LOG_ENTRY_BYTES * len(self.log)

    @property
    def commit_id(self) -> CommitId:
        """Stream and event."""
        return CommitId.of(self.stream_id, self.log[-1].cid)


async def load(node: Node, ref: StreamRef, at: int | None = None) -> Loaded:
    """A stream with all that was there when this was called.

    Args:
        node: the node.
        ref: the stream, or the commit at which it is asked for.
        at: unix second at which it is asked for; means nothing for a commit.

    Raises:
        LegacyError: the node doesn't have it, or it has no state.
    """
    stream_id, commit = _parts(ref)
    found = await settled_stream(node, stream_id.cid)
    return await node.read(load_now, node, stream_id, found, commit, at)


def _parts(ref: StreamRef) -> tuple[StreamId, Cid | None]:
    return (ref.stream, ref.cid) if isinstance(ref, CommitId) else (ref, None)


def load_now(
    node: Node,
    stream_id: StreamId,
    found: StreamStateRow | None,
    commit: Cid | None = None,
    at: int | None = None,
) -> Loaded:
    """The same of what is known already; reads from the stores.

    Raises:
        LegacyError: the node doesn't have it, or it has no state.
    """
    dimensions = None if found is None else found.row.dimensions
    if found is None or dimensions is None or dimensions.stream_type != stream_id.stream_type:
        raise _unknown(stream_id)
    if dimensions.stream_type not in {MODEL, MODEL_INSTANCE}:
        raise LegacyError(f"there are no states of streams of type {stream_id.type_name} here")
    if found.row.valid > MAX_LEGACY_LOG:
        raise LegacyError(f"the log is too long to be shown: {found.row.valid:,} events")
    log = [row for row in node.states.valid_events(stream_id.cid) if row.is_canonical]
    if not log:
        raise _unknown(stream_id)
    if commit is None and at is not None:
        commit = _commit_at(log, at)
    if commit is not None:
        log = _up_to(log, commit, stream_id)
    tip = node.states.event(log[-1].cid, stream_id.cid)
    return Loaded(stream_id, dimensions, log, (tip and tip.data) or b"", _last_proof(node, log))


def _commit_at(log: Sequence[EventRow], at: int) -> Cid:
    """The last anchor up to a time, or the init event: what js-ceramic takes for the state at a time."""
    found = log[0].cid
    for row in log:
        if row.kind is Kind.TIME and row.timestamp is not None:
            if row.timestamp > at:
                break
            found = row.cid
    return found


def _up_to(log: list[EventRow], commit: Cid, stream_id: StreamId) -> list[EventRow]:
    for place, row in enumerate(log):
        if row.cid == commit:
            return log[: place + 1]
    message = f"Requested commit CID {commit} not found in the log for stream {stream_id}"
    raise LegacyError(message, HTTPStatus.NOT_FOUND)


def _last_proof(node: Node, log: Sequence[EventRow]) -> Proof | None:
    cid = next((row.cid for row in reversed(log) if row.kind is Kind.TIME), None)
    stored = None if cid is None else node.events.event(cid)
    if stored is None or stored.is_pruned:
        return None
    event = decode_event(stored.car)
    if not isinstance(event, TimeEvent):
        raise StoreCorruption(f"event {cid} is no time event")
    return event.proof


def _unknown(stream_id: StreamId) -> LegacyError:
    return LegacyError(f"Stream {stream_id} is not known to this node", HTTPStatus.NOT_FOUND)
