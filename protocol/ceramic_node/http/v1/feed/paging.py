"""One page of a feed for one request, waiting for it if need be."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from ceramic_node.http.v1.feed.source import Item, Source
from ceramic_protocol.limits import FEED_LOOK_SECONDS, MAX_PAGE_BYTES, PUSH_PAGE


class Read(NamedTuple):
    """A page that was read: its entries, where to go on, and whether the feed ended there."""

    items: list[Item]
    after: int
    is_end: bool


async def read_page(source: Source, after: int, limit: int, wait: float) -> Read:
    """Read up to `limit` entries.

    There may be fewer although there are more: where they are large, and where finding them takes long.

    Args:
        source: the feed.
        after: the place behind which to begin.
        limit: how many entries.
        wait: how many seconds to wait for the first one, if there is none.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    while True:
        number = source.signal.number
        read = await _read(source, after, limit)
        left = start + wait - loop.time()
        if read.items or not read.is_end or left <= 0:
            return read
        after = read.after
        await source.signal.wait(number, left)


async def _read(source: Source, after: int, limit: int) -> Read:
    loop = asyncio.get_running_loop()
    until = loop.time() + FEED_LOOK_SECONDS
    items: list[Item] = []
    size = 0
    while True:
        page = await source.page(after, min(limit - len(items), PUSH_PAGE))
        for item in page.items:
            items.append(item)
            size += len(item.form)
            if size >= MAX_PAGE_BYTES:
                return Read(items, item.position, is_end=False)
        if page.looked_to <= after:
            return Read(items, after, is_end=True)
        after = page.looked_to
        if len(items) >= limit or loop.time() > until:
            return Read(items, after, is_end=False)
