"""Work that goes on while there is something to do, and again when there is more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Final, Protocol

from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_STATE_PAUSE_SECONDS, STATE_PACE_SECONDS, STATE_POLL_SECONDS

_log = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.1


class Wakes(Protocol):
    """How a loop learns that there is something to do, and that it is to end."""

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to do or it is to end, but not longer than that; 0 only to look.

        What has been heard is forgotten, but for the end.

        Returns:
            Whether to go on.
        """
        ...


class ThreadWakes:
    """Wakes by other threads."""

    def __init__(self) -> None:
        self._heard: Final = Event()
        self._is_ending = False

    def wake(self) -> None:
        """There is something to do; from any thread."""
        self._heard.set()

    def end(self) -> None:
        """The loop is to end; from any thread."""
        self._is_ending = True
        self._heard.set()

    def wait(self, seconds: float) -> bool:
        """See `Wakes`."""
        if seconds > 0:
            self._heard.wait(seconds)
        self._heard.clear()
        return not self._is_ending


class Loop:
    """Calls a function again and again, and waits when it says that it has done all.

    Attributes:
        broken: what ended it for good: only that our own data makes no sense.
        errors: how often the function has failed otherwise; it is called again after a pause.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], bool],
        *,
        poll: float = STATE_POLL_SECONDS,
        pace: float = STATE_PACE_SECONDS,
        on_error: Callable[[], object] | None = None,
    ) -> None:
        """Say what to do.

        Args:
            name: for the log.
            work: does some work; gives whether there is more.
            poll: seconds after which it is called even if nobody wakes it.
            pace: seconds between two calls at least, unless there is more to do.
            on_error: called after each failure.
        """
        self.broken: StoreCorruption | None = None
        self.errors = 0
        self._name: Final = name
        self._work: Final = work
        self._poll: Final = poll
        self._pace: Final = pace
        self._on_error: Final = on_error

    def run(self, wakes: Wakes) -> None:
        """Work until the end, or until the data is found to be broken."""
        patience = not_before = pause = 0.0
        while wakes.wait(patience) and _rest(wakes, not_before):
            began = monotonic()
            try:
                is_more = self._work()
            except StoreCorruption as error:
                _log.critical("%s stops, as its data is broken: %s", self._name, error)
                self.broken = error
                return
            except Exception:  # noqa: BLE001 - nothing else may end it
                pause = min(MAX_STATE_PAUSE_SECONDS, 2 * pause or _FIRST_PAUSE)
                self._fail(pause)
                patience, not_before = 0.0, monotonic() + pause
            else:
                pause = 0.0
                patience, not_before = (0.0, 0.0) if is_more else (self._poll, began + self._pace)

    def _fail(self, pause: float) -> None:
        self.errors += 1
        _log.exception("%s failed and tries again in %.1f s", self._name, pause)
        if self._on_error is not None:
            self._on_error()


def _rest(wakes: Wakes, until: float) -> bool:
    """Wait until a moment, whatever comes but the end; whether to go on."""
    while (seconds := until - monotonic()) > 0:
        if not wakes.wait(seconds):
            return False
    return True
