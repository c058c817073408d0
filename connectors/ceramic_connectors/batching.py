"""Items of a source in lists of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.ports import RawEvent, SourceItem


def batched(items: Iterable[SourceItem]) -> Iterator[list[SourceItem]]:
    """Lists of at most `MAX_BATCH_EVENTS` items, closed as soon as they hold `MAX_BATCH_BYTES`."""
    batch: list[SourceItem] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.car if isinstance(item, RawEvent) else item.raw)
        if len(batch) >= MAX_BATCH_EVENTS or size >= MAX_BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
