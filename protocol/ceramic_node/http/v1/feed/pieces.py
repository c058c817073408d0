"""Pieces of what is sent to those who follow a feed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ceramic_node.http.v1.feed.source import Item
from ceramic_protocol.limits import PUSH_PIECE_BYTES


def pieces_of(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Entries in groups of about `PUSH_PIECE_BYTES`."""
    start = size = 0
    for place, item in enumerate(items):
        if size and size + len(item.form) > PUSH_PIECE_BYTES:
            yield items[start:place]
            start, size = place, 0
        size += len(item.form)
    yield items[start:]
