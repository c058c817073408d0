"""The record batches that travel between transforms: their schemas, and the way to values and back.

One element is a `pyarrow.RecordBatch` of up to about a thousand events, as a shuffle costs far more per
element than per byte (beam.md section 6).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
from apache_beam import coders

from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.payloads import remember_said
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.reasons import BY_CODE

_ORIGIN: Final = [
    pa.field("source", pa.utf8(), nullable=False),
    pa.field("position", pa.uint64(), nullable=False),
]

ORIGIN_COLUMNS: Final = ("car", *(field.name for field in _ORIGIN))
"""The last columns of `CHECKED_EVENTS`: the bytes of an event, and where they come from."""

RAW_EVENTS: Final = pa.schema(
    [
        pa.field("car", pa.binary(), nullable=False),
        pa.field("event_cid", pa.binary()),
        pa.field("damage", pa.utf8()),
        pa.field("reason", pa.utf8()),
        *_ORIGIN,
    ]
)
"""Events as a source holds them. `damage` says what is wrong where no event can be read; `car` then has the
bytes found there and `reason` its code."""

CHECKED_EVENTS: Final = pa.schema(
    [
        pa.field("event_cid", pa.binary(), nullable=False),
        pa.field("stream_cid", pa.binary()),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("prev", pa.binary()),
        pa.field("payload", pa.binary(), nullable=False),
        pa.field("signer", pa.utf8()),
        pa.field("capability_cid", pa.binary()),
        pa.field("grant", pa.binary()),
        pa.field("model", pa.binary()),
        pa.field("before", pa.uint64()),
        pa.field("chain_id", pa.utf8()),
        pa.field("reason", pa.utf8()),
        pa.field("detail", pa.utf8()),
        pa.field("said", pa.binary()),
        pa.field("car", pa.binary(), nullable=False),
        *_ORIGIN,
    ]
)
"""Events after their own checks (`CheckedEvent`), with the bytes they came from.

`said` is what a data event says as JSON (`payloads.said_by`), for those who would decode its payload again.
`stream_cid` is null in time events that don't tell their stream, until it is found (`placing`)."""


EVENT_COLUMNS: Final = tuple(name for name in CHECKED_EVENTS.names if name not in ORIGIN_COLUMNS)
"""The columns of `CHECKED_EVENTS` before those: what `CheckedEvent` has."""


class RecordBatchCoder(coders.Coder):
    """Record batches as Arrow IPC streams: the same bytes for any release of Python or Beam."""

    def encode(self, value: pa.RecordBatch) -> bytes:
        """Arrow IPC stream of one batch."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_batch(value)
        return sink.getvalue().to_pybytes()

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        """The batch of an Arrow IPC stream."""
        with pa.ipc.open_stream(encoded) as reader:
            return reader.read_next_batch()

    def is_deterministic(self) -> bool:
        """Two equal batches may have different buffers."""
        return False


coders.registry.register_coder(pa.RecordBatch, RecordBatchCoder)


def to_batch(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """Rows, in column order, as one record batch."""
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for field, column in zip(schema, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def to_rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """The rows of a batch in column order."""
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def raw_batch(items: Iterable[SourceItem]) -> pa.RecordBatch:
    """What a source yields, as a batch of `RAW_EVENTS`."""
    return to_batch(RAW_EVENTS, [_raw_row(item) for item in items])


def _raw_row(item: SourceItem) -> tuple[Any, ...]:
    if isinstance(item, Damage):
        return item.raw, None, item.detail, item.reason.value, item.source, item.position
    return item.car, item.cid, None, None, item.source, item.position


def raw_items(batch: pa.RecordBatch) -> Iterator[SourceItem]:
    """The items of a batch of `RAW_EVENTS`."""
    for car, cid, damage, reason, source, position in to_rows(batch):
        if damage is None:
            yield RawEvent(car, None if cid is None else Cid(cid), source, position)
        else:
            yield Damage(damage, source, position, len(car), car, BY_CODE[reason])


def checked_row(event: CheckedEvent, raw: RawEvent, said: bytes | None = None) -> tuple[Any, ...]:
    """A row of `CHECKED_EVENTS`."""
    return (
        event.cid,
        event.stream,
        event.kind,
        event.prev,
        event.payload,
        event.signer,
        event.capability,
        None if event.grant is None else event.grant.to_bytes(),
        event.model,
        event.timestamp,
        event.chain_id,
        None if event.reason is None else event.reason.value,
        event.detail,
        said,
        raw.car,
        raw.source,
        raw.position,
    )


_KINDS: Final = tuple(sorted(Kind))
_CIDS: Final[dict[bytes, Cid]] = {}


def _shared_cid(cid: bytes) -> Cid:
    """A CID that many events have in common, which is in memory once while they come one after another."""
    known = _CIDS.get(cid)
    if known is None:
        if len(_CIDS) >= MAX_BATCH_EVENTS:
            _CIDS.clear()
        known = _CIDS[cid] = Cid(cid)
    return known


def checked_event(row: Sequence[Any]) -> CheckedEvent:
    """The event of a row of `CHECKED_EVENTS`, with its origin or without."""
    cid, stream, kind, prev, payload, signer, capability, grant, model, *others = row
    stamp, chain, reason, detail, said, *_origin = others
    stream = None if stream is None else _shared_cid(stream)
    prev = None if prev is None else Cid(prev)
    if said is not None and stream is not None and prev is not None:
        remember_said(payload, said, stream, prev)
    # Names of arguments would cost more than all else here.
    return CheckedEvent(
        Cid(cid),
        stream,
        _KINDS[kind],
        prev,
        payload,
        None if signer is None else sys.intern(signer),
        None if capability is None else _shared_cid(capability),
        stamp,
        chain,
        None if reason is None else BY_CODE[reason],
        detail,
        None if grant is None else Grant.from_bytes(grant),
        None if model is None else StreamId(model),
    )
