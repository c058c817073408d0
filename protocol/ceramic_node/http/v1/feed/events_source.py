"""The feed of events as a source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ceramic_node.feed_window import FeedEntry, WindowPage
from ceramic_node.http.v1.feed.entry_text import entry_text
from ceramic_node.http.v1.feed.forms import IncludeData, with_judgement
from ceramic_node.http.v1.feed.judging import Judging, look_up
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
        judging: Judging,
        token_start: str,
    ) -> None:
        self._node = node
        self._shared = shared
        self._wanted = wanted
        self._include = include
        self._judging = judging
        self._token_start = token_start
        self._start = token_start.encode()

    @property
    def signal(self) -> Signal:
        """See `Source`."""
        return self._node.settled if self._judging is Judging.SETTLED else self._node.fed

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
        if self._judging is Judging.NONE or not items:
            return Page(items, found.looked_to)
        return await self._judged(found, items, after)

    def _kept_text(self, entry: FeedEntry) -> bytes:
        return self._shared.forms.form(entry, self._include, self._token_start)

    def _text(self, entry: FeedEntry) -> bytes:
        """What lies far back is read by few, and each entry once."""
        return entry_text(entry.delivered, self._include, self._start)

    async def _judged(self, found: WindowPage, items: list[Item], after: int) -> Page:
        looked = await self._node.read(look_up, self._node, found.entries)
        told = [
            Item(position, with_judgement(form, row))
            for (position, form), row in zip(items, looked.rows, strict=True)
        ]
        if self._judging is Judging.KNOWN or looked.settled == len(told):
            return Page(told, found.looked_to)
        told = told[: looked.settled]
        return Page(told, told[-1].position if told else after)
