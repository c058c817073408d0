"""From a stream's history to table rows, in the column order of `tables` (api.md 3.2 and 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import envelope_json, header_metadata
from ceramic_protocol.events import InitHeader
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.reasons import Layer
from ceramic_protocol.tables import EVENT_TYPE_DATA, EVENT_TYPE_TIME, SHARD_SHIFT
from ceramic_protocol.verify import Kind

PROFILE: Final = "strict"
"""Name of the rules under which events are verified."""

Row: TypeAlias = tuple[Any, ...]


@dataclass(slots=True)
class StreamRows:
    """Rows of one stream for every table but `rejected`, in order."""

    conclusion_events: list[Row] = field(default_factory=list)
    event_states: list[Row] = field(default_factory=list)
    stream_tips: list[Row] = field(default_factory=list)
    stream_states: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class ShardOrder:
    """Hands out the order numbers of one shard; streams must come in the order of their CIDs."""

    shard: int
    events: int = 0
    streams: int = 0

    def next_event(self) -> int:
        """`conclusion_event_order` of the next event."""
        self.events += 1
        return (self.shard << SHARD_SHIFT) | self.events

    def next_stream(self) -> int:
        """`stream_tip_order` of the next stream."""
        self.streams += 1
        return (self.shard << SHARD_SHIFT) | self.streams


def shard_of(stream: Cid) -> int:
    """The shard of a stream: the last byte of its init CID."""
    return stream[-1]


def is_concluded(item: Judged) -> bool:
    """Whether an event stands in the event tables: valid, or refused by its state alone."""
    return item.reason is None or item.reason.layer is Layer.STATE


def stream_rows(history: StreamHistory, order: ShardOrder) -> StreamRows:
    """The rows of one stream."""
    rows = StreamRows()
    header = history.header
    if header is None:
        return rows
    stream_columns = _stream_columns(history.stream, header)
    stream_id = str(history.stream_id)
    canonical = frozenset(history.log)
    numbers: dict[Cid, int] = {}
    concluded = [item for item in history.judged.values() if is_concluded(item)]
    for item in sorted(concluded, key=lambda item: (item.height, item.event.cid)):
        number = numbers[item.event.cid] = order.next_event()
        rows.conclusion_events.append(_conclusion_row(item, number, stream_columns, stream_id))
        rows.event_states.append(
            _state_row(item, number, stream_columns, stream_id, history, item.event.cid in canonical)
        )
    if history.tip is not None:
        _add_stream(rows, history, header, stream_columns, stream_id, numbers[history.tip], order.next_stream())
    return rows


def _stream_columns(stream: Cid, header: InitHeader) -> Row:
    dimensions = [
        ("model", bytes(header.model or b"")),
        ("controller", header.controller.encode("utf-8", "replace")),
        ("context", header.context or b""),
        ("unique", header.unique or b""),
    ]
    return stream, header.stream_type, header.controller, dimensions


def _event_columns(item: Judged) -> Row:
    return item.event.cid, EVENT_TYPE_TIME if item.event.kind is Kind.TIME else EVENT_TYPE_DATA


def _verified_columns(item: Judged, stream_id: str) -> Row:
    return stream_id, item.event.signer, item.event.capability, PROFILE


def _conclusion_row(item: Judged, number: int, stream_columns: Row, stream_id: str) -> Row:
    event = item.event
    previous = None if event.prev is None else [event.prev]
    return (
        number,
        *stream_columns,
        *_event_columns(item),
        conclusion_data(item),
        previous,
        event.timestamp,
        event.chain_id,
        *_verified_columns(item, stream_id),
    )


def conclusion_data(item: Judged) -> bytes | None:
    """The `data` column of `conclusion_events`: DAG-JSON of what the event itself says; None for time events."""
    event = item.event
    if event.kind is Kind.TIME:
        return None
    payload = dagcbor.decode(event.payload)
    if not isinstance(payload, dict):
        return None
    header = payload.get("header")
    metadata = header_metadata(header) if isinstance(header, dict) else {}
    if event.kind is Kind.INIT:
        metadata = {**metadata, "shouldIndex": metadata.get("shouldIndex") is not False}
    return envelope_json(metadata, payload.get("data"))


def _state_row(
    item: Judged, number: int, stream_columns: Row, stream_id: str, history: StreamHistory, canonical: bool
) -> Row:
    event = item.event
    errors = [] if item.reason is None else [f"{item.reason.value}: {item.detail}"]
    return (
        number,
        number,
        *stream_columns,
        *_event_columns(item),
        item.height,
        item.state.json if item.state else None,
        errors,
        event.timestamp,
        event.chain_id,
        event.cid[-1],
        *_verified_columns(item, stream_id),
        history.anchored.get(event.cid),
        canonical,
    )


def _add_stream(
    rows: StreamRows,
    history: StreamHistory,
    header: InitHeader,
    stream_columns: Row,
    stream_id: str,
    tip_number: int,
    stream_number: int,
) -> None:
    tip = history.judged[history.log[-1]]
    model = str(header.model) if header.model else None
    others = [leaf for leaf in history.leaves if leaf != history.tip]
    rows.stream_tips.append(
        (tip_number, stream_number, *stream_columns, [history.tip, *others], stream_id, model)
    )
    first, last = anchor_range(history)
    rows.stream_states.append(
        (
            stream_number,
            stream_number,
            *stream_columns,
            *_event_columns(tip),
            tip.height,
            tip.state.json if tip.state else None,
            stream_id,
            model,
            history.anchored.get(tip.event.cid),
            first,
            last,
            history.reverted,
        )
    )


def anchor_range(history: StreamHistory) -> tuple[int | None, int | None]:
    """Timestamps (unix seconds) of the first and the last time event of the canonical log."""
    stamps = [
        stamp for cid in history.log if (stamp := history.judged[cid].event.timestamp) is not None
    ]
    return (stamps[0], stamps[-1]) if stamps else (None, None)


def refusal_columns(item: Judged, stream_id: str | None) -> Row | None:
    """The first columns of the `rejected` row of an event, up to `detail`; None if it is valid."""
    reason = item.reason
    if reason is None:
        return None
    return reason.outcome.value, item.event.cid, stream_id, reason.layer.value, reason.value, item.detail


def metadata_of(header: InitHeader, extra: Mapping[str, object]) -> dict[str, object]:
    """Stream metadata as js-ceramic names it: controllers, model, context, unique, then `extra`."""
    found: dict[str, object] = {"controllers": list(header.controllers)}
    if header.model is not None:
        found["model"] = str(header.model)
    if header.context is not None:
        found["context"] = header.context
    if header.unique is not None:
        found["unique"] = header.unique
    return {**found, **extra}
