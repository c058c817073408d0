"""A thread that works while there is something to do, and is woken when there is more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_STATE_PAUSE_SECONDS, STATE_POLL_SECONDS

_log = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.1


class Loop:
    """Calls a function again and again, and waits when it says that there is nothing to do.

    Attributes:
        broken: what ended it for good: only that our own data makes no sense.
        errors: how often the function has failed otherwise; it is called again after a pause.
    """

    def __init__(self, name: str, work: Callable[[], bool], *, poll: float = STATE_POLL_SECONDS) -> None:
        """Say what to do.

        Args:
            name: of the thread.
            work: does some work; gives whether there was any.
            poll: seconds after which it is called even if nobody wakes it.
        """
        self.broken: StoreCorruption | None = None
        self.errors = 0
        self._work: Final = work
        self._poll: Final = poll
        self._more: Final = Event()
        self._is_stopping = False
        self._thread: Final = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do; from any thread."""
        self._more.set()

    def stop(self) -> None:
        """End after the work that is under way."""
        self._is_stopping = True
        self._more.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_running(self) -> bool:
        """Whether it works or waits for work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        pause = 0.0
        while not self._is_stopping:
            self._more.clear()
            try:
                is_more = self._work()
            except StoreCorruption as error:
                _log.critical("%s stops, as its data is broken: %s", self._thread.name, error)
                self.broken = error
                return
            except Exception:  # noqa: BLE001 - nothing else may end it
                self.errors += 1
                pause = min(MAX_STATE_PAUSE_SECONDS, 2 * pause or _FIRST_PAUSE)
                _log.exception("%s failed and tries again in %.1f s", self._thread.name, pause)
                self._sleep(pause)
                continue
            pause = 0.0
            if not is_more:
                self._more.wait(self._poll)

    def _sleep(self, seconds: float) -> None:
        """Wait, whatever comes but the end."""
        step = 0.05
        while seconds > 0 and not self._is_stopping:
            Event().wait(min(step, seconds))
            seconds -= step
