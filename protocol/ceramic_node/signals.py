"""Telling tasks that wait for something new that it has come."""

from __future__ import annotations

import asyncio
from threading import get_ident


class Signal:
    """Wakes all tasks that wait for the next announcement. None is lost between two waits.

    Read `number` before looking for what is new; `wait(number)` then returns at once if an announcement came
    after that.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._event = asyncio.Event()
        self.number = 0

    def bind(self) -> None:
        """Name the event loop in which tasks wait: the running one."""
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()

    def announce(self) -> None:
        """Wake those who wait; from any thread."""
        if get_ident() == self._thread:
            self._wake()
        elif self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self.number += 1
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self, number: int, seconds: float) -> bool:
        """Wait until there was an announcement after `number`; False if none came in time."""
        if self.number != number:
            return True
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True
