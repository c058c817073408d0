"""The end of the feed in memory, so that those who follow it live don't each read it from the store."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Final, NamedTuple, TypeVar

from ceramic_protocol.limits import (
    MAX_WINDOW_BYTES,
    MAX_WINDOW_EVENTS,
    WINDOW_ENTRY_BYTES,
    WINDOW_READ_EVENTS,
)
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import Delivered, FeedFilter

_T = TypeVar("_T")


class FeedEntry:
    """An entry of the feed with its bytes, and the forms of it that have been made to be sent.

    `forms` is for those who send it: each keeps its form under a name of its own, made once for all readers.
    """

    __slots__ = ("delivered", "forms")

    def __init__(self, delivered: Delivered) -> None:
        self.delivered: Final = delivered
        self.forms: Final[dict[str, bytes]] = {}


class WindowPage(NamedTuple):
    """Entries in order, and the position up to which they are all that there was to be found."""

    entries: list[FeedEntry]
    looked_to: int


class FeedWindow:
    """The latest entries of a feed; used from one event loop.

    What lies before the window is read from the store, by whoever asks for it.
    """

    def __init__(self, store: EventReader, readers: Executor) -> None:
        self._store = store
        self._readers = readers
        self._entries: list[FeedEntry] = []
        self._positions: list[int] = []
        self._bytes = 0
        # The window has every entry of the feed after `_start` up to `_end`; it opens when first asked.
        self._start = self._end = -1
        self._reading = asyncio.Lock()

    def has(self, after: int) -> bool:
        """Whether all that comes after a position is in memory."""
        return 0 <= self._start <= after

    async def page(self, after: int, limit: int, wanted: FeedFilter | None = None) -> WindowPage:
        """The entries after a position, with their bytes.

        Args:
            after: position of the last entry that was seen; 0 to begin with.
            limit: how many at most, from 1 to `MAX_STORE_PAGE`.
            wanted: which ones; all of them if None.

        Returns:
            A page; if it is shorter than `limit`, go on after `looked_to`, which is where the feed ends now
            if it's no larger than `after`.
        """
        if self._end < 0:
            self._start = self._end = (await self._run(self._store.head)).position
        if after >= self._end:
            await self._extend(after)
        # Also where so much has come that the window, which holds only so much, begins behind `after` now.
        if after < self._start:
            found = await self._run(partial(self._store.feed, after, limit, wanted=wanted, with_cars=True))
            return WindowPage(list(map(FeedEntry, found.entries)), found.looked_to)
        return self._cut(after, limit, wanted)

    def _cut(self, after: int, limit: int, wanted: FeedFilter | None) -> WindowPage:
        found: list[FeedEntry] = []
        for place in range(bisect_right(self._positions, after), len(self._entries)):
            entry = self._entries[place]
            if wanted is None or wanted.fits(entry.delivered):
                found.append(entry)
                if len(found) == limit:
                    return WindowPage(found, entry.delivered.position)
        return WindowPage(found, max(after, self._end))

    async def _extend(self, after: int) -> None:
        """Read on from the end of the window; those who come meanwhile wait for that."""
        async with self._reading:
            if after < self._end:
                return
            found = await self._run(partial(self._store.feed, self._end, WINDOW_READ_EVENTS, with_cars=True))
            for delivered in found.entries:
                self._entries.append(FeedEntry(delivered))
                self._positions.append(delivered.position)
                self._bytes += _size(delivered)
            self._end = max(self._end, found.looked_to)
            self._trim()

    def _trim(self) -> None:
        """Let go of the older half where there is too much."""
        if len(self._entries) <= MAX_WINDOW_EVENTS and self._bytes <= MAX_WINDOW_BYTES:
            return
        half = max(1, len(self._entries) // 2)
        self._start = self._positions[half - 1]
        self._bytes -= sum(_size(entry.delivered) for entry in self._entries[:half])
        del self._entries[:half], self._positions[:half]

    async def _run(self, read: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)


def _size(delivered: Delivered) -> int:
    """What an entry takes in memory, about: its bytes, the payload once more, and a text of them."""
    return WINDOW_ENTRY_BYTES + 3 * len(delivered.car or b"")
