"""Cutting record batches up by shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_protocol.cid import Cid
from ceramic_protocol.rows import shard_of
from ceramic_protocol.tables import STREAM_SHARDS

UNPLACED: Final = STREAM_SHARDS
"""Number behind the last shard, for events whose stream has yet to be found."""

ShardsOf = Callable[[pa.RecordBatch], list[int]]


def shards_of_events(batch: pa.RecordBatch) -> list[int]:
    """The shard of every row of a batch of `CHECKED_EVENTS`: that of its stream, else that of the event."""
    column = batch.column("stream_cid")
    if column.null_count:
        column = pc.coalesce(column, batch.column("event_cid"))
    return [shard_of(stream) for stream in column.to_pylist()]


def shards_before_placing(batch: pa.RecordBatch) -> list[int]:
    """The shard of every row of a batch of `CHECKED_EVENTS`; `UNPLACED` where the stream is not known yet."""
    if not batch.column("stream_cid").null_count:
        return shards_of_events(batch)
    streams = batch.column("stream_cid").to_pylist()
    return [UNPLACED if stream is None else shard_of(stream) for stream in streams]


def shards_of_copies(batch: pa.RecordBatch) -> list[int]:
    """A shard for every row of a batch of events, raw or checked: the same for all copies of an event."""
    rows = zip(batch.column("event_cid").to_pylist(), batch.column("car").to_pylist(), strict=True)
    return [sha256(car).digest()[-1] if cid is None else shard_of(Cid(cid)) for cid, car in rows]


def shards_of_refusals(batch: pa.RecordBatch) -> list[int]:
    """The shard of every row of `rejected` that has no stream: by its event, else by its bytes."""
    rows = zip(batch.column("event_cid").to_pylist(), batch.column("raw").to_pylist(), strict=True)
    return [sha256(raw).digest()[-1] if cid is None else shard_of(Cid(cid)) for cid, raw in rows]


def split(batch: pa.RecordBatch, shards: list[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of each shard, given the shard of every row."""
    rows_of: dict[int, list[int]] = {}
    for index, shard in enumerate(shards):
        rows_of.setdefault(shard, []).append(index)
    for shard, rows in rows_of.items():
        yield shard, batch.take(pa.array(rows, pa.int64()))


class Splitter:
    """Splits many batches at once, as the pieces of one have but a few rows each."""

    def __init__(self, shards_of: ShardsOf, limit: int) -> None:
        """Hold up to `limit` bytes before splitting."""
        self._shards_of: Final = shards_of
        self._limit: Final = limit
        self._held: list[pa.RecordBatch] = []
        self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Take a batch; the pieces of all that is held, once that is enough."""
        self._held.append(batch)
        self._bytes += batch.nbytes
        if self._bytes >= self._limit:
            yield from self.flush()

    def flush(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The pieces of all that is held."""
        held, self._held, self._bytes = self._held, [], 0
        if held:
            for batch in pa.Table.from_batches(held).combine_chunks().to_batches():
                yield from split(batch, self._shards_of(batch))
