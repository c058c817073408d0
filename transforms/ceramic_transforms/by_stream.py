"""The rows of each stream, out of record batches in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_protocol.rows import Row
from ceramic_transforms.batches import CHECKED_EVENTS, to_rows

_AT_ONCE: Final = 2048
_STREAM: Final = CHECKED_EVENTS.get_field_index("stream_cid")
_stream_of = itemgetter(_STREAM)


def by_stream(batches: Iterable[pa.RecordBatch]) -> tuple[Iterator[tuple[bytes, list[Row]]], list[Row]]:
    """The rows of each stream, by the streams' CIDs, and the rows of events whose stream is unknown.

    As values of Python rows take several times as much memory, they are made for few streams at a time.

    Args:
        batches: of `CHECKED_EVENTS`.
    """
    table = pa.Table.from_batches(batches, CHECKED_EVENTS).combine_chunks()
    streams = table.column(_STREAM)
    if not streams.null_count:
        return _grouped(table), []
    unplaced = [row for batch in table.filter(pc.is_null(streams)).to_batches() for row in to_rows(batch)]
    return _grouped(table.filter(pc.is_valid(streams))), unplaced


def _grouped(table: pa.Table) -> Iterator[tuple[bytes, list[Row]]]:
    """Streams that lie across two stretches are put together again."""
    last: bytes | None = None
    held: list[Row] = []
    for stretch in _sorted(table):
        for stream, rows in groupby(stretch, _stream_of):
            if last is not None and stream != last:
                yield last, held
                held = []
            last = stream
            held.extend(rows)
    if last is not None:
        yield last, held


def _sorted(table: pa.Table) -> Iterator[Iterator[Row]]:
    order = pc.sort_indices(table.column(_STREAM))
    for start in range(0, len(order), _AT_ONCE):
        for batch in table.take(order[start : start + _AT_ONCE]).to_batches():
            yield to_rows(batch)
