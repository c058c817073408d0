"""The events of each stream, out of record batches in any order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.row_layout import Row
from ceramic_transforms.batches import CHECKED_EVENTS, EVENT_COLUMNS, ORIGIN_COLUMNS, checked_event, to_rows

_AT_ONCE: Final = 2048
_STREAM: Final = CHECKED_EVENTS.get_field_index("stream_cid")
_stream_of = itemgetter(_STREAM)


@dataclass(frozen=True, slots=True)
class StreamEvents:
    """The events of one stream, with all copies; where they come from stays behind in `table`.

    `stream` is the CID of its init event, or None for events whose streams are unknown.
    """

    stream: bytes | None
    table: pa.Table
    events: list[CheckedEvent] = field(default_factory=list)
    places: list[pa.Array] = field(default_factory=list)

    def origins(self, cids: Collection[bytes]) -> dict[bytes, Row]:
        """CAR, source and position of some of the events; of copies those that come first in order."""
        wanted = pa.array(cids, pa.binary())
        found: dict[bytes, Row] = {}
        for indices in self.places:
            some = self.table.select(["event_cid", *ORIGIN_COLUMNS]).take(indices)
            some = some.filter(pc.is_in(some.column("event_cid"), value_set=wanted))
            for cid, *origin in chain.from_iterable(map(to_rows, some.to_batches())):
                found[cid] = min(found.get(cid, tuple(origin)), tuple(origin))
        return found


def by_stream(batches: Iterable[pa.RecordBatch]) -> tuple[Iterator[StreamEvents], StreamEvents]:
    """The events of each stream, by the streams' CIDs, and those whose stream is unknown.

    As values of Python events take several times as much memory, they are made for few streams at a time.

    Args:
        batches: of `CHECKED_EVENTS`.
    """
    table = pa.Table.from_batches(batches, CHECKED_EVENTS)
    # The larger part, their bytes, is looked at in few places: it stays where it is.
    events = table.select(EVENT_COLUMNS).combine_chunks()
    streams = events.column(_STREAM)
    unplaced = StreamEvents(None, table)
    if streams.null_count:
        indices = pc.indices_nonzero(pc.is_null(streams))
        unplaced.events.extend(map(checked_event, _rows(events, indices)))
        unplaced.places.append(indices)
    return _grouped(table, events), unplaced


def _grouped(table: pa.Table, events: pa.Table) -> Iterator[StreamEvents]:
    """Streams that lie across two stretches are put together again."""
    streams = events.column(_STREAM)
    # Those without one come last.
    order = pc.sort_indices(streams).slice(0, len(streams) - streams.null_count)
    held: StreamEvents | None = None
    for start in range(0, len(order), _AT_ONCE):
        indices, at = order.slice(start, _AT_ONCE), 0
        for stream, rows in groupby(_rows(events, indices), _stream_of):
            if held is None or held.stream != stream:
                if held is not None:
                    yield held
                held = StreamEvents(stream, table)
            before = len(held.events)
            held.events.extend(map(checked_event, rows))
            count = len(held.events) - before
            held.places.append(indices.slice(at, count))
            at += count
    if held is not None:
        yield held


def _rows(table: pa.Table, indices: pa.Array) -> Iterator[Row]:
    return chain.from_iterable(map(to_rows, table.take(indices).to_batches()))
