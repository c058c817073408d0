"""Following a feed: what was there goes over into what comes, in one loop, so without gap or overlap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from ceramic_node.http.v1.feed.consumers import Consumers
from ceramic_node.http.v1.feed.source import Item, Source
from ceramic_protocol.limits import PUSH_HEARTBEAT_SECONDS, PUSH_PAGE


class News(Enum):
    """What there is to be told."""

    ITEMS = auto()
    """Entries."""
    LIVE = auto()
    """All that was there has been told; what follows is new. Comes once."""
    QUIET = auto()
    """Nothing new for a while: a sign of life."""
    STOPPING = auto()
    """The node ends. Comes last."""


class Told(NamedTuple):
    """Something to be told, and the place behind it."""

    news: News
    items: list[Item]
    after: int


@dataclass(slots=True)
class Following:
    """One who follows a feed.

    Attributes:
        source: the feed.
        consumers: all who follow feeds.
        after: the place behind which to go on.
        until: when to end, by the loop's clock; None for never.
        room: how many entries may be told now, at least one whenever the next are asked for.
    """

    source: Source
    consumers: Consumers
    after: int
    until: float | None = None
    room: Callable[[], int] = lambda: PUSH_PAGE

    async def told(self) -> AsyncIterator[Told]:
        """What there is to be told, without end unless there is one.

        Whoever is told asks for the next only after passing it on, so nothing gathers here for the slow.
        """
        is_live = False
        while not self.consumers.is_stopping:
            number = self.source.signal.number
            page = await self.source.page(self.after, min(PUSH_PAGE, self.room()))
            is_end = page.looked_to <= self.after
            self.after = max(self.after, page.looked_to)
            if page.items:
                yield Told(News.ITEMS, page.items, self.after)
            if not is_end:
                if self.is_over():
                    return
                continue
            if not is_live:
                is_live = True
                yield Told(News.LIVE, [], self.after)
            if self.is_over():
                return
            if await self.source.signal.wait(number, self.patience()):
                await asyncio.sleep(self.consumers.rest)
            elif not self.is_over():
                yield Told(News.QUIET, [], self.after)
        yield Told(News.STOPPING, [], self.after)

    def is_over(self) -> bool:
        """Whether the time that was asked for is over."""
        return self.until is not None and asyncio.get_running_loop().time() >= self.until

    def patience(self) -> float:
        """Seconds until a sign of life is due, or the end."""
        if self.until is None:
            return PUSH_HEARTBEAT_SECONDS
        return min(PUSH_HEARTBEAT_SECONDS, max(0.0, self.until - asyncio.get_running_loop().time()))
