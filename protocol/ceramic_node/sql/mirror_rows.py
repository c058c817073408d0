"""From changes in a store of states to Arrow tables, as the mirror takes them over."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from ceramic_node.sql.schemas import TABLES
from ceramic_node.states.records import Dimensions, EventRow, StreamRow
from ceramic_node.states.table_rows import dimension_pairs, event_state_row, stream_id_text
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError, StoreCorruption
from ceramic_protocol.history import Judged
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.rows import conclusion_data
from ceramic_protocol.store_port import EventReader

_LOG: Final = logging.getLogger("ceramic.sql")

_DENSE: Final = 4
"""Events are read page by page if at least one in so many of a page is wanted, otherwise one by one."""

_PAGE: Final = 1_000

_EVENTS: Final = pa.schema(
    [*TABLES["event_states"], pa.field("event_data", pa.binary()), pa.field("prev", pa.binary())]
)
_STREAMS: Final = pa.schema(
    [
        ("stream_tip_order", pa.uint64()),
        *(
            (name, TABLES["stream_tips"].field(name).type)
            for name in ("stream_cid", "stream_type", "controller")
        ),
        ("dimensions", TABLES["stream_tips"].field("dimensions").type),
        ("tip", pa.binary()),
        ("has_forks", pa.bool_()),
        ("stream_id", pa.utf8()),
        ("model", pa.utf8()),
        ("first_anchored_at", pa.uint64()),
        ("last_anchored_at", pa.uint64()),
    ]
)


def table_of_events(
    events: EventReader, rows: Sequence[tuple[EventRow, StreamRow]], profile: Profile
) -> pa.Table:
    """The rows of `events`; each event stands there once.

    Raises:
        StoreCorruption: an event isn't in its store.
    """
    data = _event_data(events, [row for row, _stream in rows])
    columns = [(*event_state_row(row, stream, profile), data[row.cid], row.prev) for row, stream in rows]
    return _table(columns, _EVENTS)


def table_of_streams(rows: Iterable[StreamRow]) -> pa.Table:
    """The rows of `streams`."""
    return _table([_stream(row) for row in rows], _STREAMS)


def _stream(row: StreamRow) -> tuple[Any, ...]:
    dimensions = row.dimensions
    if dimensions is None:
        raise StoreCorruption(f"stream {row.stream} has a tip and no init event")
    return (
        row.number,
        row.stream,
        dimensions.stream_type,
        dimensions.controller,
        dimension_pairs(dimensions),
        row.tip,
        row.has_forks,
        stream_id_text(dimensions.stream_type, row.stream),
        _model(dimensions),
        row.first_anchored,
        row.last_anchored,
    )


def _model(dimensions: Dimensions) -> str | None:
    return str(dimensions.model) if dimensions.model else None


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _event_data(events: EventReader, rows: Sequence[EventRow]) -> dict[Cid, bytes | None]:
    """What the events themselves say, as in `conclusion_events`."""
    wanted = sorted((row.position, row.cid) for row in rows if row.position is not None)
    positions = [position for position, _cid in wanted]
    found: dict[Cid, bytes | None] = {}
    start = 0
    while start < len(wanted):
        first = positions[start]
        stop = bisect_right(positions, first + _PAGE - 1)
        if (stop - start) * _DENSE >= positions[stop - 1] - first + 1:
            asked = {cid for _position, cid in wanted[start:stop]}
            page = events.feed(first - 1, positions[stop - 1] - first + 1)
            found.update(
                (entry.checked.cid, _data(entry.checked))
                for entry in page.entries
                if entry.checked.cid in asked
            )
        for _position, cid in wanted[start:stop]:
            if cid not in found:
                found[cid] = _data(_stored(events, cid))
        start = stop
    return found


def _stored(events: EventReader, cid: Cid) -> CheckedEvent:
    stored = events.event(cid)
    if stored is None:
        raise StoreCorruption(f"event {cid} was judged and isn't there")
    return stored.checked


def _data(event: CheckedEvent) -> bytes | None:
    try:
        return conclusion_data(Judged(event, None, None, None))
    except CeramicError:
        # One event must never keep all others out of the tables.
        _LOG.exception("event %s has no form in JSON", event.cid)
        return None
