"""From a stream's history to table rows (api.md 3.2 and 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

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
from ceramic_protocol.row_layout import EVENT_ROWS, STREAM_ROWS, Row
from ceramic_protocol.tables import EVENT_TYPE_DATA, EVENT_TYPE_TIME, SHARD_SHIFT, Table

_NO_ERRORS: Final[list[str]] = []


@dataclass(slots=True)
class StreamRows:
    """Rows of one stream for every table but `rejected`, in order: of `EVENT_ROWS` and of `STREAM_ROWS`."""

    events: list[Row] = field(default_factory=list)
    streams: list[Row] = field(default_factory=list)

    def of(self, table: Table) -> list[Row]:
        """The rows of a table in its column order."""
        if table in dict(EVENT_ROWS.tables):
            return EVENT_ROWS.rows_of(table, self.events)
        return STREAM_ROWS.rows_of(table, self.streams)


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
        whole.events += piece.events
        whole.streams += piece.streams
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
        self._canonical = frozenset(history.log)
        self._stream: Row = (
            history.stream,
            header.stream_type,
            header.controller,
            _dimensions(header),
            str(history.stream_id),
            _text(header.model) if header.model else None,
            profile.value,
        )

    def make(self, order: ShardOrder) -> Iterator[StreamRows]:
        rows, tip, tip_number = StreamRows(), self._history.tip, 0
        concluded = [item for item in self._history.judged.values() if is_concluded(item)]
        for item in sorted(concluded, key=lambda item: (item.height, item.event.cid)):
            number = order.next_event()
            if item.event.cid == tip:
                tip_number = number
            rows.events.append(self._event(item, number))
            if len(rows.events) == MAX_BATCH_EVENTS:
                yield rows
                rows = StreamRows()
        if tip is not None:
            rows.streams.append(self._tip(tip_number, order.next_stream()))
        yield rows

    def _event(self, item: Judged, number: int) -> Row:
        event, state, reason = item.event, item.state, item.reason
        cid, prev = event.cid, event.prev
        return (
            self._stream,
            number,
            cid,
            _event_type(item),
            conclusion_data(item),
            None if prev is None else [prev],
            event.timestamp,
            event.chain_id,
            event.signer,
            event.capability,
            item.height,
            None if state is None else state.json,
            _NO_ERRORS if reason is None else [f"{reason.value}: {item.detail}"],
            cid[-1],
            self._history.anchored.get(cid),
            cid in self._canonical,
            item.expires_at,
        )

    def _state_data(self, tip: Judged) -> bytes | None:
        if self._folded is not None:
            return envelope_json(tip.state.metadata if tip.state else {}, self._folded)
        return tip.state.json if tip.state else None

    def _tip(self, tip_number: int, number: int) -> Row:
        history = self._history
        tip = history.judged[history.log[-1]]
        return (
            self._stream,
            tip_number,
            number,
            [tip.event.cid, *(leaf for leaf in history.leaves if leaf != tip.event.cid)],
            tip.event.cid,
            _event_type(tip),
            tip.height,
            self._state_data(tip),
            history.anchored.get(tip.event.cid),
            *anchor_range(history),
            history.reverted,
        )


def _dimensions(header: InitHeader) -> list[tuple[str, bytes]]:
    return [
        ("model", bytes(header.model or b"")),
        ("controller", header.controller.encode("utf-8", "replace")),
        ("context", header.context or b""),
        ("unique", header.unique or b""),
    ]


def _event_type(item: Judged) -> int:
    return EVENT_TYPE_TIME if item.event.kind is Kind.TIME else EVENT_TYPE_DATA


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
