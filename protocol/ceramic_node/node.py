"""A node: a store of events, what follows from them, and the doors between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from ceramic_node.feed_window import FeedWindow
from ceramic_node.following.port import Follower
from ceramic_node.intake import Answer, Intake
from ceramic_node.intake_watch import UNWATCHED, IntakeWatcher
from ceramic_node.signals import Signal
from ceramic_node.states.port import StateStore
from ceramic_node.writer_check import WriterCheck
from ceramic_protocol.limits import NODE_READERS
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Clock
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.verify import Verifier

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Node:
    """Takes events in, keeps them, and keeps up what follows from them.

    Lives in one event loop: make it, `start` it, and `stop` it there. What reads from the stores runs in
    threads of its own, see `read`.

    Attributes:
        events: the store of events.
        states: what follows from them, as far as the follower has come.
        follower: keeps that up.
        verifier: how events are checked.
        network: the network that it belongs to.
        clock: what tells the time.
        window: the feed, its end from memory.
        fed: announces that there is more in the feed.
        settled: announces that there are more states.
    """

    def __init__(
        self,
        events: EventStore,
        states: StateStore,
        follower: Follower,
        *,
        verifier: Verifier,
        network: Network,
        clock: Clock,
        watcher: IntakeWatcher = UNWATCHED,
    ) -> None:
        self.events: Final = events
        self.states: Final = states
        self.follower: Final = follower
        self.verifier: Final = verifier
        self.network: Final = network
        self.clock: Final = clock
        self.fed: Final = Signal()
        self.settled: Final = Signal()
        self._readers = ThreadPoolExecutor(NODE_READERS, "read")
        self.window: Final = FeedWindow(events, self._readers)
        writers = WriterCheck(events, clock, verifier.profile)
        self.intake: Final = Intake(events, verifier, self.tell_of_more, watcher, writers)

    async def start(self) -> None:
        """Begin to take events in and to follow them."""
        self.fed.bind()
        self.settled.bind()
        self.follower.start(self.settled.announce)
        await self.intake.start()

    async def stop(self) -> None:
        """Keep what has been handed in, and end; what follows from it is caught up with at the next start."""
        await self.intake.stop()
        await asyncio.to_thread(self.follower.stop)
        self._readers.shutdown()

    async def submit(self, cars: Sequence[bytes], *, needs_prev: bool = False) -> list[Answer]:
        """Hand events in, see `Intake.submit`."""
        return await self.intake.submit(cars, needs_prev=needs_prev)

    async def read(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Call something that reads from a store, in another thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: function(*args, **kwargs))

    def tell_of_more(self) -> None:
        """Let it be known that something was put into the store of events; from any thread."""
        self.fed.announce()
        self.follower.wake()
