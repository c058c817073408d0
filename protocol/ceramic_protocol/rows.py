"""From a stream's history to table rows, in the column order of `tables` (api.md 3.2 and 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import Json
from ceramic_protocol.documents import envelope_json, header_metadata
from ceramic_protocol.events import InitHeader
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.payloads import decode_payload_block
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Layer
from ceramic_protocol.reducers import Reducer, fold_log
from ceramic_protocol.tables import EVENT_TYPE_DATA, EVENT_TYPE_TIME, SHARD_SHIFT

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


def stream_rows(
    history: StreamHistory,
    order: ShardOrder,
    reducer: Reducer | None = None,
    profile: Profile = Profile.STRICT,
) -> StreamRows:
    """The rows of one stream: all that `row_pieces` gives."""
    whole = StreamRows()
    for piece in row_pieces(history, order, reducer, profile):
        for name in StreamRows.__slots__:
            getattr(whole, name).extend(getattr(piece, name))
    return whole


def row_pieces(
    history: StreamHistory,
    order: ShardOrder,
    reducer: Reducer | None = None,
    profile: Profile = Profile.STRICT,
) -> Iterator[StreamRows]:
    """The rows of one stream, of a bounded number of events at a time: together they take more than these.

    Args:
        history: the stream.
        order: hands out the numbers of the shard.
        reducer: makes the content in `stream_states` of streams that it handles.
        profile: whose rules the events were verified by.

    Raises:
        ReducerError: the reducer failed.
    """
    if history.header is not None:
        folded = None if reducer is None else fold_log(history, reducer)
        yield from _RowMaker(history, history.header, folded, profile).make(order)


@lru_cache
def _text(model: StreamId) -> str:
    return str(model)


class _RowMaker:
    """Makes the rows of one stream; what all of them have in common is worked out once."""

    def __init__(self, history: StreamHistory, header: InitHeader, folded: Json, profile: Profile) -> None:
        self._history = history
        self._folded = folded
        self._profile = profile.value
        self._canonical = frozenset(history.log)
        self._stream_id = str(history.stream_id)
        self._model = _text(header.model) if header.model else None
        self._stream: Row = (history.stream, header.stream_type, header.controller, _dimensions(header))

    def make(self, order: ShardOrder) -> Iterator[StreamRows]:
        rows, tip, tip_number = StreamRows(), self._history.tip, 0
        concluded = [item for item in self._history.judged.values() if is_concluded(item)]
        for item in sorted(concluded, key=lambda item: (item.height, item.event.cid)):
            number = order.next_event()
            if item.event.cid == tip:
                tip_number = number
            rows.conclusion_events.append(self._conclusion(item, number))
            rows.event_states.append(self._state(item, number))
            if len(rows.event_states) == MAX_BATCH_EVENTS:
                yield rows
                rows = StreamRows()
        if tip is not None:
            number = order.next_stream()
            rows.stream_tips.append(self._tips(number, tip_number))
            rows.stream_states.append(self._stream_state(number))
        yield rows

    def _verified(self, item: Judged) -> Row:
        return self._stream_id, item.event.signer, item.event.capability, self._profile

    def _conclusion(self, item: Judged, number: int) -> Row:
        event = item.event
        return (
            number,
            *self._stream,
            *_event(item),
            conclusion_data(item),
            None if event.prev is None else [event.prev],
            event.timestamp,
            event.chain_id,
            *self._verified(item),
        )

    def _state(self, item: Judged, number: int) -> Row:
        event = item.event
        return (
            number,
            number,
            *self._stream,
            *_event(item),
            item.height,
            item.state.json if item.state else None,
            [] if item.reason is None else [f"{item.reason.value}: {item.detail}"],
            event.timestamp,
            event.chain_id,
            event.cid[-1],
            *self._verified(item),
            self._history.anchored.get(event.cid),
            event.cid in self._canonical,
            item.expires_at,
        )

    def _tips(self, number: int, tip_number: int) -> Row:
        others = [leaf for leaf in self._history.leaves if leaf != self._history.tip]
        tips = [self._history.tip, *others]
        return tip_number, number, *self._stream, tips, self._stream_id, self._model

    def _state_data(self, tip: Judged) -> bytes | None:
        if self._folded is not None:
            return envelope_json(tip.state.metadata if tip.state else {}, self._folded)
        return tip.state.json if tip.state else None

    def _stream_state(self, number: int) -> Row:
        tip = self._history.judged[self._history.log[-1]]
        return (
            number,
            number,
            *self._stream,
            *_event(tip),
            tip.height,
            self._state_data(tip),
            self._stream_id,
            self._model,
            self._history.anchored.get(tip.event.cid),
            *anchor_range(self._history),
            self._history.reverted,
        )


def _dimensions(header: InitHeader) -> list[tuple[str, bytes]]:
    return [
        ("model", bytes(header.model or b"")),
        ("controller", header.controller.encode("utf-8", "replace")),
        ("context", header.context or b""),
        ("unique", header.unique or b""),
    ]


def _event(item: Judged) -> Row:
    return item.event.cid, EVENT_TYPE_TIME if item.event.kind is Kind.TIME else EVENT_TYPE_DATA


def conclusion_data(item: Judged) -> bytes | None:
    """DAG-JSON of what the event itself says, as in `conclusion_events`; None for a time or pruned event."""
    event = item.event
    if event.kind is Kind.TIME or event.is_hollow:
        return None
    payload = decode_payload_block(event.payload)
    if not isinstance(payload, dict):
        return None
    header = payload.get("header")
    metadata = header_metadata(header) if isinstance(header, dict) else {}
    if event.kind is Kind.INIT:
        metadata = {**metadata, "shouldIndex": metadata.get("shouldIndex") is not False}
    return envelope_json(metadata, payload.get("data"))


def anchor_range(history: StreamHistory) -> tuple[int | None, int | None]:
    """Timestamps (unix seconds) of the first and the last time event of the canonical log."""
    stamps = [stamp for cid in history.log if (stamp := history.judged[cid].event.timestamp) is not None]
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
