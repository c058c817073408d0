"""A process that keeps states up, and is started again if it ends."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import ClassVar, Final

from ceramic_node.following.messages import WAKE, Orders, Report
from ceramic_node.following.port import Turn
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_STATE_PAUSE_SECONDS, STATE_STOP_SECONDS
from ceramic_protocol.ports import Clock
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader

_LOG: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.1


class FollowerProcess:
    """A `Follower` in another process, for stores in files.

    All that it does follows from the events, and it keeps what it has done in transactions, so that it may
    end at any moment: another one goes on where it was.

    Attributes:
        command: what is run; the number of a socket is added.
        process: the one that runs.
        broken: see `Follower`.
    """

    command: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "ceramic_node.following.child")

    def __init__(
        self,
        events: EventReader,
        orders: Orders,
        clock: Clock,
        *,
        version: int = 0,
        on_turn: Callable[[Turn], object] | None = None,
    ) -> None:
        """Say what is to be done; nothing happens yet.

        Args:
            events: the store that is followed, as this process sees it.
            orders: what the process is told.
            clock: what tells the time.
            version: how far the states have come by now.
            on_turn: told of each piece of work, in another thread.
        """
        self._events: Final = events
        self._orders: Final = orders
        self._clock: Final = clock
        self._on_turn: Final = on_turn or _nothing
        self._on_settled: Callable[[], object] = _nothing
        self._line: socket.socket | None = None
        self._latest = Report(version)
        self._failures_before = 0
        self._errors_before = 0
        self._stopping: Final = Event()
        self._thread: Thread | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.broken: StoreCorruption | None = None

    def start(self, on_settled: Callable[[], object] | None = None) -> None:
        """See `Follower`."""
        if self._thread is None:
            self._on_settled = on_settled or _nothing
            self._thread = Thread(target=self._keep_up, name="states", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """See `Follower`; a process that doesn't end within `STATE_STOP_SECONDS` is killed."""
        self._stopping.set()
        self._hang_up()
        if self._thread is not None:
            self._thread.join(STATE_STOP_SECONDS)
            if self._thread.is_alive() and self.process is not None:
                self.process.kill()
                self._thread.join()

    def wake(self) -> None:
        """See `Follower`."""
        if self._line is not None:
            # If there is no room, it has been told often enough.
            with suppress(OSError):
                self._line.send(WAKE, socket.MSG_DONTWAIT)

    @property
    def rules(self) -> Rules:
        """See `Follower`."""
        return self._orders.rules(self._clock)

    @property
    def lag(self) -> int:
        """See `Follower`."""
        return max(0, self._events.head().version - self._latest.version)

    @property
    def failures(self) -> int:
        """See `Follower`."""
        return self._failures_before + self._latest.failures

    @property
    def errors(self) -> int:
        """See `Follower`."""
        return self._errors_before + self._latest.errors

    def _keep_up(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            came_up = self._run_process()
            if self._stopping.is_set() or self.broken is not None:
                return
            latest, self._latest = self._latest, Report(self._latest.version)
            self._failures_before += latest.failures
            self._errors_before += latest.errors + 1
            pause = _FIRST_PAUSE if came_up else min(MAX_STATE_PAUSE_SECONDS, 2 * pause or _FIRST_PAUSE)
            _LOG.error("the process that keeps states up has ended; another one begins in %.1f s", pause)
            self._stopping.wait(pause)

    def _run_process(self) -> bool:
        """Run one process to its end; whether it has come to work."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                number = theirs.fileno()
                self.process = process = subprocess.Popen(  # noqa: S603 - a command of our own
                    [*self.command, str(number)], stdin=subprocess.DEVNULL, pass_fds=(number,)
                )
            came_up = False
            try:
                ours.sendall(self._orders.line())
                self._line = ours
                if self._stopping.is_set():
                    self._hang_up()
                for line in ours.makefile("rb"):
                    came_up = True
                    self._hear(Report.read(line))
            except OSError as error:
                _LOG.warning("the process that keeps states up can't be heard: %s", error)
            finally:
                self._line = None
                _end(process)
        return came_up

    def _hear(self, report: Report) -> None:
        if report.broken is not None:
            self.broken = StoreCorruption(report.broken)
            return
        self._latest = report
        if report.streams:
            self._on_turn(Turn(report.began, report.seconds, report.streams))
            self._on_settled()

    def _hang_up(self) -> None:
        line = self._line
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_WR)


def _end(process: subprocess.Popen[bytes]) -> None:
    """See to it that a process is gone from which nothing more comes."""
    try:
        process.wait(STATE_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _nothing(_turn: object = None) -> None:
    """Do nothing."""
