"""Rows of a store of states in SQLite, to and from values."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from ceramic_node.states.records import Dimensions, EventRow, StateChange, StreamRow
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction, CorrectionCause
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.reasons import BY_CODE

Columns: TypeAlias = tuple[Any, ...]

STREAM: Final = (
    "number, cid, version, stream_type, controller, model, context, unique_bytes, tip, length, valid,"
    " first_anchored, last_anchored, turns_at, failed"
)
STREAM_DIMENSIONS: Final = "stream_type, controller, model, context, unique_bytes"
"""Of the columns of a stream those that are set once."""

STREAM_STATE: Final = "number, version, tip, length, valid, first_anchored, last_anchored, turns_at, failed"
"""Of the columns of a stream those that change time and again."""

EVENT: Final = (
    "number, cid, stream, kind, prev, position, height, reason, detail, timestamp, chain_id, signer,"
    " capability, anchored_at, is_canonical, expires_at, data"
)
STREAM_COLUMNS: Final = len(STREAM.split(","))
EVENT_COLUMNS: Final = len(EVENT.split(","))

_KINDS: Final = tuple(Kind)
_LENGTH_BYTES: Final = 2
_NO_DIMENSIONS: Final = (None,) * 5


def of(table: str, columns: str) -> str:
    """The columns of a table, named with it."""
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


def event_columns(row: EventRow, stream: int) -> Columns:
    """An event of the stream with that id, in the order of `EVENT`."""
    return (
        row.number,
        row.cid,
        stream,
        int(row.kind),
        row.prev,
        row.position,
        row.height,
        None if row.reason is None else row.reason.value,
        row.detail,
        row.timestamp,
        row.chain_id,
        row.signer,
        row.capability,
        row.anchored_at,
        row.is_canonical,
        row.expires_at,
        row.data,
    )


def event_row(columns: Columns, stream: Cid) -> EventRow:
    """The opposite of `event_columns`."""
    number, cid, _stream, kind, prev, position, height, reason, detail, timestamp, *rest = columns
    chain_id, signer, capability, anchored_at, is_canonical, expires_at, data = rest
    return EventRow(
        number,
        Cid(cid),
        stream,
        _KINDS[kind],
        _cid(prev),
        position,
        height,
        None if reason is None else BY_CODE[reason],
        detail,
        data,
        timestamp,
        chain_id,
        signer,
        _cid(capability),
        anchored_at,
        bool(is_canonical),
        expires_at,
    )


def stream_columns(row: StreamRow) -> Columns:
    """A stream, in the order of `STREAM`."""
    number, stream, version, dimensions, *rest = row
    return number, stream, version, *(dimensions or _NO_DIMENSIONS), *rest


def dimension_columns(row: StreamRow) -> Columns:
    """A stream, in the order of `STREAM_DIMENSIONS`."""
    return row.dimensions or _NO_DIMENSIONS


def state_columns(row: StreamRow) -> Columns:
    """A stream, in the order of `STREAM_STATE`."""
    number, _stream, version, _dimensions, *rest = row
    return number, version, *rest


def stream_row(columns: Columns) -> StreamRow:
    """The opposite of `stream_columns`."""
    number, cid, version, stream_type, controller, model, context, unique, tip, *rest = columns
    dimensions = None
    if stream_type is not None:
        named = None if model is None else StreamId(model)
        dimensions = Dimensions(stream_type, controller, named, context, unique)
    return StreamRow(number, Cid(cid), version, dimensions, _cid(tip), *rest)


def change_columns(position: int, stream: int, correction: Correction) -> Columns:
    """A change of the stream with that id; what it applies is left out if that is the new tip alone."""
    applied = None if correction.applied == (correction.new_tip,) else _pack(correction.applied)
    tips = correction.old_tip, correction.new_tip
    return position, stream, *tips, _pack(correction.undone), applied, correction.cause.value


def state_change(columns: Columns) -> StateChange:
    """A change, from position, tips, events, cause, and the stream's CID and type."""
    position, old_tip, new_tip, undone, applied, cause, stream, stream_type = columns
    stream_id = StreamId.of(MODEL_INSTANCE if stream_type is None else stream_type, Cid(stream))
    after = _unpack(applied) if applied is not None else (Cid(new_tip),)
    correction = Correction(
        stream_id, _cid(old_tip), _cid(new_tip), _unpack(undone), after, CorrectionCause(cause)
    )
    return StateChange(position, correction)


def _pack(cids: tuple[Cid, ...]) -> bytes:
    return b"".join(len(cid).to_bytes(_LENGTH_BYTES, "big") + cid for cid in cids)


def _unpack(packed: bytes) -> tuple[Cid, ...]:
    found, place = [], 0
    while place < len(packed):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(packed[place:start], "big")
        found.append(Cid(packed[start:place]))
    return tuple(found)


def _cid(value: bytes | None) -> Cid | None:
    return None if value is None else Cid(value)
