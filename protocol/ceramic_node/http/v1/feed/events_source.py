"""The feed of events as a source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ceramic_node.feed_window import FeedEntry
from ceramic_node.http.v1.feed.entry_text import entry_text
from ceramic_node.http.v1.feed.forms import IncludeData, with_judgement
from ceramic_node.http.v1.feed.shared import SharedReading
from ceramic_node.http.v1.feed.source import Item, Page
from ceramic_node.http.v1.feed.wanted import Wanted
from ceramic_node.node import Node
from ceramic_node.signals import Signal

_AT_ONCE: Final = 32
"""Entries whose forms are made before others have their turn."""


class EventsSource:
    """Events that somebody wants, in the form in which they are wanted."""

    def __init__(
        self,
        node: Node,
        shared: SharedReading,
        wanted: Wanted,
        include: IncludeData,
        *,
        is_judged: bool,
        token_start: str,
    ) -> None:
        self._node = node
        self._shared = shared
        self._wanted = wanted
        self._include = include
        self._is_judged = is_judged
        self._token_start = token_start
        self._start = token_start.encode()

    @property
    def signal(self) -> Signal:
        """See `Source`."""
        return self._node.fed

    @property
    def token_start(self) -> str:
        """See `Source`."""
        return self._token_start

    async def page(self, after: int, limit: int) -> Page:
        """See `Source`."""
        if self._node.window.has(after):
            return await self._page(after, limit, self._kept_text)
        async with self._shared.turns:
            return await self._page(after, limit, self._text)

    async def _page(self, after: int, limit: int, text: Callable[[FeedEntry], bytes]) -> Page:
        found = await self._wanted.page(self._node.window, after, limit)
        items: list[Item] = []
        for start in range(0, len(found.entries), _AT_ONCE):
            if start:
                await asyncio.sleep(0)
            some = found.entries[start : start + _AT_ONCE]
            items += [Item(entry.delivered.position, text(entry)) for entry in some]
        if self._is_judged and items:
            items = await self._judged(found.entries, items)
        return Page(items, found.looked_to)

    def _kept_text(self, entry: FeedEntry) -> bytes:
        return self._shared.forms.form(entry, self._include, self._token_start)

    def _text(self, entry: FeedEntry) -> bytes:
        """What lies far back is read by few, and each entry once."""
        return entry_text(entry.delivered, self._include, self._start)

    async def _judged(self, entries: list[FeedEntry], items: list[Item]) -> list[Item]:
        cids = [entry.delivered.checked.cid for entry in entries]
        rows = await self._node.read(self._node.states.events, cids)
        return [
            Item(position, with_judgement(form, rows.get(cid)))
            for (position, form), cid in zip(items, cids, strict=True)
        ]
