"""Keeps the mirror up in a thread of its own, and tells who waits for it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from ceramic_node.sql.database import MirrorHead
from ceramic_node.sql.failures import SqlBusy, SqlStopped
from ceramic_node.sql.mirror import Mirror
from ceramic_node.states.port import StateStore
from ceramic_protocol.errors import CeramicError, StoreCorruption
from ceramic_protocol.limits import MIRROR_SECONDS

_LOG: Final = logging.getLogger("ceramic.sql")
_POLL_SECONDS: Final = 1.0


class Keeper:
    """Takes over what is new: soon after it is woken, and at once if a query waits."""

    def __init__(self, mirror: Mirror, states: StateStore, pause: float = MIRROR_SECONDS) -> None:
        """Say what to keep up; `pause` is how long to wait between two rounds that nobody waits for."""
        self._mirror: Final = mirror
        self._states: Final = states
        self._pause: Final = pause
        self._changed: Final = threading.Condition()
        self._work: Final = threading.Event()
        self._waiting = 0
        self._is_stopping = False
        self._broken: CeramicError | None = None
        self._thread: Final = threading.Thread(target=self._run, name="sql-mirror", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something new; from any thread."""
        self._work.set()

    @property
    def head(self) -> MirrorHead:
        """How far the mirror has come."""
        return self._mirror.head

    @property
    def is_stopping(self) -> bool:
        """Whether it is to end."""
        return self._is_stopping

    def reach(self, seconds: float) -> MirrorHead:
        """Wait until the mirror has all that is in the store now, or until it is late.

        Raises:
            SqlBusy: the tables are still being made for the first time.
            StoreCorruption: a store makes no sense.
        """
        wanted, until = self._states.head(), time.monotonic() + seconds
        with self._changed:
            self._waiting += 1
            try:
                while True:
                    head = self._mirror.head
                    if self._broken is not None:
                        raise self._broken
                    left = until - time.monotonic()
                    is_there = head.is_complete and head.generation == wanted.generation
                    if (is_there and head.number >= wanted.number) or left <= 0 or self._is_stopping:
                        break
                    self._work.set()
                    self._changed.wait(min(left, self._pause))
            finally:
                self._waiting -= 1
        if not head.is_complete:
            raise SqlBusy("the tables are being made from the node's events: try again later")
        return head

    def wait(self, seen: MirrorHead, seconds: float) -> MirrorHead:
        """Wait until the mirror is further than that, or until it is late."""
        with self._changed:
            self._changed.wait_for(lambda: self._mirror.head != seen or self._is_stopping, seconds)
            return self._mirror.head

    def stop(self) -> None:
        """End; what isn't there yet is taken over at the next start."""
        self._is_stopping = True
        self._work.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping:
            self._work.clear()
            try:
                is_new = self._mirror.catch_up()
            except SqlStopped:
                return
            except StoreCorruption as error:
                _LOG.critical("the tables for SQL aren't kept up any more: %s", error)
                self._broken = error
                return
            except Exception:  # noqa: BLE001 - whatever it was, the next round begins anew
                _LOG.exception("the tables for SQL couldn't be kept up; trying again")
                is_new = False
            with self._changed:
                self._changed.notify_all()
            if not self._waiting:
                time.sleep(self._pause if is_new else 0.0)
            self._work.wait(_POLL_SECONDS)
