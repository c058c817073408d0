"""Items of a source in pages of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ceramic_protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.ports import RawEvent, SourceItem, SourcePage


def paged(items: Iterable[tuple[int, SourceItem]], stop: int) -> Iterator[SourcePage]:
    """Pages of at most `MAX_BATCH_EVENTS` items, closed as soon as they hold `MAX_BATCH_BYTES`.

    Args:
        items: with their ordinals, in order.
        stop: the ordinal behind the range, up to which the last page goes.
    """
    found: list[SourceItem] = []
    size = 0
    for ordinal, item in items:
        found.append(item)
        size += len(item.car if isinstance(item, RawEvent) else item.raw)
        if len(found) >= MAX_BATCH_EVENTS or size >= MAX_BATCH_BYTES:
            is_last = ordinal + 1 >= stop
            yield SourcePage(found, ordinal + 1)
            if is_last:
                return
            found, size = [], 0
    yield SourcePage(found, stop)
