"""The end of the feed from memory is the feed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_node import feed_window
from ceramic_node.feed_window import FeedWindow
from ceramic_node.signals import Signal
from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.stored import FeedFilter, FeedPage, NewEvent
from tests.node.store import making

rounds = st.randoms(use_true_random=False)
FILTERS = [None, FeedFilter(controller=making.BOB), FeedFilter(model=making.NOTE)]


def events(count: int) -> list[NewEvent]:
    return [
        making.init(
            number, making.BOB if number % 3 else making.ALICE, making.NOTE if number % 2 else making.POST
        )
        for number in range(count)
    ]


@given(
    st.integers(0, 40),
    st.integers(1, 9),
    st.integers(1, 7),
    st.integers(2, 12),
    st.randoms(use_true_random=False),
)
def test_every_reader_gets_the_feed(before: int, step: int, limit: int, room: int, random: Random) -> None:
    """Readers that begin at any place and read at any pace, while more comes and the window lets go of it."""
    made = events(60)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as readers:
        patch.setattr(feed_window, "MAX_WINDOW_EVENTS", room)
        store = MemoryStore()
        store.put(made[:before])
        window = FeedWindow(store, readers)
        coming = [made[start : start + step] for start in range(before, len(made), step)]
        asyncio.run(_read(store, window, coming, limit, random))


class Reader:
    """Somebody who reads with a filter, page by page."""

    def __init__(self, window: FeedWindow, limit: int, wanted: FeedFilter | None) -> None:
        self.wanted = wanted
        self.seen: list[int] = []
        self._window, self._limit, self._at = window, limit, 0

    async def read(self) -> bool:
        """One page; False at the end."""
        page = await self._window.page(self._at, self._limit, self.wanted)
        assert len(page.entries) <= self._limit
        self.seen += [entry.delivered.position for entry in page.entries]
        before, self._at = self._at, page.looked_to
        return self._at > before


async def _read(
    store: MemoryStore, window: FeedWindow, coming: list[list[NewEvent]], limit: int, random: Random
) -> None:
    readers = [Reader(window, limit, wanted) for wanted in FILTERS]
    for batch in coming:
        store.put(batch)
        for reader in random.sample(readers, len(readers)):
            for _ in range(random.randint(0, 3)):
                await reader.read()
    for reader in readers:
        while await reader.read():
            pass
        whole = store.feed(0, 100, wanted=reader.wanted, with_cars=True).entries
        assert reader.seen == [entry.position for entry in whole]


def test_the_store_is_read_once_for_all_that_wait() -> None:
    class Counting(MemoryStore):
        reads = 0

        def feed(self, *args: Any, **kwargs: Any) -> FeedPage:
            Counting.reads += 1
            return super().feed(*args, **kwargs)

    async def run() -> None:
        store = Counting()
        with ThreadPoolExecutor(4) as readers:
            window = FeedWindow(store, readers)
            await window.page(0, 10)
            Counting.reads = 0
            store.put(events(20))
            pages = await asyncio.gather(*(window.page(0, 100) for _ in range(50)))
        assert all(len(page.entries) == 20 for page in pages)
        assert len({id(page.entries[0]) for page in pages}) == 1

    asyncio.run(run())
    assert Counting.reads == 1


def test_a_signal_is_not_lost_between_two_waits() -> None:
    async def run() -> None:
        signal = Signal()
        signal.bind()
        number = signal.number
        await asyncio.to_thread(signal.announce)
        await asyncio.sleep(0.01)
        assert await signal.wait(number, 5)
        assert not await signal.wait(signal.number, 0.01)
        waiting = [asyncio.create_task(signal.wait(signal.number, 5)) for _ in range(20)]
        await asyncio.sleep(0.01)
        signal.announce()
        assert all(await asyncio.gather(*waiting))

    asyncio.run(run())
