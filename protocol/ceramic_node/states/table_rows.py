"""From what is kept of streams and events to rows of the tables, in the column order of `tables`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ceramic_node.states.records import Dimensions, EventRow, StreamRow
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.history import Judged
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_STREAM_ID_TEXTS
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.row_layout import Row
from ceramic_protocol.rows import conclusion_data
from ceramic_protocol.stored import Delivered
from ceramic_protocol.tables import EVENT_TYPE_DATA, EVENT_TYPE_TIME


def conclusion_row(entry: Delivered, profile: Profile) -> Row:
    """A row of `conclusion_events`, whose order is the position in the feed."""
    event, facts = entry.checked, entry.facts
    dimensions = Dimensions(
        facts.stream_id.stream_type, facts.controller, facts.model, facts.context, facts.unique
    )
    return (
        entry.position,
        *_stream(facts.stream, dimensions),
        *_event(event.cid, event.kind),
        conclusion_data(Judged(event, None, None, None)),
        None if event.prev is None else [event.prev],
        event.timestamp,
        event.chain_id,
        str(facts.stream_id),
        event.signer,
        event.capability,
        profile.value,
    )


def event_state_row(event: EventRow, stream: StreamRow, profile: Profile) -> Row:
    """A row of `event_states`; the stream's init event is known."""
    dimensions = _known(stream)
    return (
        event.position,
        event.number,
        *_stream(stream.stream, dimensions),
        *_event(event.cid, event.kind),
        event.height,
        event.data,
        [] if event.reason is None else [f"{event.reason.value}: {event.detail}"],
        event.timestamp,
        event.chain_id,
        event.cid[-1],
        _stream_id(stream.stream, dimensions),
        event.signer,
        event.capability,
        profile.value,
        event.anchored_at,
        event.is_canonical,
        event.expires_at,
    )


def stream_tips_row(stream: StreamRow, tip: EventRow, valid: Sequence[EventRow]) -> Row:
    """A row of `stream_tips`; `valid` has the valid events if there are forks."""
    dimensions = _known(stream)
    built_on = {event.prev for event in valid}
    others = sorted(event.cid for event in valid if event.cid not in built_on and event.cid != tip.cid)
    return (
        tip.number,
        stream.number,
        *_stream(stream.stream, dimensions),
        [tip.cid, *others],
        _stream_id(stream.stream, dimensions),
        _model(dimensions),
    )


def stream_states_row(stream: StreamRow, tip: EventRow, valid: Sequence[EventRow]) -> Row:
    """A row of `stream_states`; `valid` has the valid events by height and CID if there are forks."""
    dimensions = _known(stream)
    return (
        stream.number,
        stream.number,
        *_stream(stream.stream, dimensions),
        *_event(tip.cid, tip.kind),
        tip.height,
        tip.data,
        _stream_id(stream.stream, dimensions),
        _model(dimensions),
        tip.anchored_at,
        stream.first_anchored,
        stream.last_anchored,
        [event.cid for event in valid if not event.is_canonical],
    )


def _known(stream: StreamRow) -> Dimensions:
    if stream.dimensions is None:
        raise AssertionError("an event stands in the tables without its init event")
    return stream.dimensions


def dimension_pairs(dimensions: Dimensions) -> list[tuple[str, bytes]]:
    """The column `dimensions`."""
    return [
        ("model", bytes(dimensions.model or b"")),
        ("controller", dimensions.controller.encode("utf-8", "replace")),
        ("context", dimensions.context or b""),
        ("unique", dimensions.unique or b""),
    ]


def _stream(stream: Cid, dimensions: Dimensions) -> Row:
    return stream, dimensions.stream_type, dimensions.controller, dimension_pairs(dimensions)


def _event(cid: Cid, kind: Kind) -> Row:
    return cid, EVENT_TYPE_TIME if kind is Kind.TIME else EVENT_TYPE_DATA


def _stream_id(stream: Cid, dimensions: Dimensions) -> str:
    return stream_id_text(dimensions.stream_type, stream)


# Base 36 takes longer than all else of a row, and the events of a stream mostly come together.
@lru_cache(MAX_STREAM_ID_TEXTS)
def stream_id_text(stream_type: int, stream: Cid) -> str:
    """A StreamID as text, by its type and the CID of the init event."""
    return str(StreamId.of(stream_type, stream))


def _model(dimensions: Dimensions) -> str | None:
    return str(dimensions.model) if dimensions.model else None
