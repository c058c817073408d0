"""Follows a store of events, and keeps up what follows from them in a store of states.

It is the only writer of that store, and works in small transactions: each takes what has changed since the
last one, what is due by the time, what was waited for and has come, and a piece of the work on streams that
are too long to be judged at a stretch. A crash loses nothing, as all of it follows from the events.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from threading import RLock, Thread
from typing import Final

from ceramic_node.following.port import Turn
from ceramic_node.states.judging import HalfWritten
from ceramic_node.states.live_cache import LiveCache
from ceramic_node.states.loop import Loop, ThreadWakes, Wakes
from ceramic_node.states.port import StateStore, StateWriter
from ceramic_node.states.shift import Shift
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import (
    MAX_STATE_BATCH,
    MAX_STATE_UNIT,
    MAX_STORE_PAGE,
    STATE_POLL_SECONDS,
    STATE_UNIT_SECONDS,
)
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader

_log = logging.getLogger(__name__)


class StateFollower:
    """Keeps states up, in a thread of its own or whenever it is told to.

    Time goes on only: should the clock be set back, what was judged later stays, until the clock has caught
    up or `rebuild` is called.
    """

    def __init__(
        self,
        events: EventReader,
        states: StateStore,
        rules: Callable[[], Rules],
        *,
        cache: LiveCache | None = None,
        unit: int = MAX_STATE_UNIT,
        seconds: float = STATE_UNIT_SECONDS,
        poll: float = STATE_POLL_SECONDS,
        on_turn: Callable[[Turn], object] | None = None,
    ) -> None:
        """Say what follows what; nothing happens yet.

        Args:
            events: the events.
            states: where what follows from them is kept.
            rules: the rules of the moment. Whenever they differ in more than the time, everything is judged
                anew.
            cache: where streams are kept in memory.
            unit: how many events of a stream are judged or written at a stretch.
            seconds: how long each kind of work may go on in one transaction.
            poll: after how many seconds the thread looks for work if nobody wakes it.
            on_turn: told of each turn of the thread in which there was work.
        """
        self._events: Final = events
        self._states: Final = states
        self._rules: Final = rules
        self._lock: Final = RLock()
        self._shift: Final = Shift(
            events, LiveCache() if cache is None else cache, unit=unit, seconds=seconds
        )
        self._poll: Final = poll
        self._on_turn: Final = on_turn or _nothing
        self._version = states.head().version
        self._is_new = True
        self._loop: Loop | None = None
        self._wakes = ThreadWakes()
        self._thread: Thread | None = None
        self._on_settled: Callable[[], object] = _nothing

    def run_once(self, limit: int = MAX_STATE_BATCH) -> int:
        """Do some work in one transaction; gives on how many streams, 0 if there is nothing to do.

        Args:
            limit: how many streams of each kind of work at most.

        Raises:
            OutsideError: a store failed; nothing was done.
            StoreCorruption: a store makes no sense.
        """
        with self._lock:
            try:
                with self._states.writing() as writer:
                    self._begin(writer)
                    shift = self._shift
                    done = shift.due(limit) + shift.changed(limit) + shift.woken(limit) + shift.long()
                    version = writer.head.version
            except HalfWritten as spoilt:
                self._shift.reset(spoilt)
                return 1
            except BaseException:
                self._shift.reset()
                raise
            self._version, self._is_new = version, False
            return done

    def _begin(self, writer: StateWriter) -> None:
        rules, head = self._rules(), writer.head
        failed = self._states.failed(0, MAX_STORE_PAGE) if self._is_new else []
        wanted, why = _in_words(rules), None
        if head.rules != wanted:
            why = f"the rules are {wanted}, not {head.rules}" if head.rules else "there were none"
        elif self._is_new and head.version > self._events.head().version:
            why = "the events are an older copy of those that were followed"
        elif len(failed) == MAX_STORE_PAGE:
            why = "so many streams could not be judged that it can't have been their fault"
        if why is not None:
            _log.info("all states are made: %s", why)
            self._shift.reset()
            writer.clear()
            failed = []
        at = max(rules.at, writer.head.at)
        writer.move_to(at=at, rules=wanted)
        self._shift.begin(writer, replace(rules, at=at))
        for row in failed:
            # What kept them from being judged may have been repaired since.
            self._shift.defer(row.stream)

    def rebuild(self) -> None:
        """Forget everything and follow the events from their beginning.

        What follows is the same, and none of the numbers is given again: who follows the feeds is told
        everything once more, each stream as if it were new.
        """
        with self._lock:
            self._shift.reset()
            with self._states.writing() as writer:
                writer.clear()
            self._version = 0
        self.wake()

    def follow(self, wakes: Wakes, on_error: Callable[[], object] | None = None) -> None:
        """Follow in this thread until the end.

        Args:
            wakes: tells of new events and of the end.
            on_error: called whenever `errors` has grown.
        """
        self._loop = Loop("states", self._work, poll=self._poll, on_error=on_error)
        self._loop.run(wakes)

    def start(self, on_settled: Callable[[], object] | None = None) -> None:
        """Begin to follow in a thread; `on_settled` is called there after every transaction with news."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._on_settled = on_settled or _nothing
        self._wakes = ThreadWakes()
        self._thread = Thread(target=self.follow, args=(self._wakes,), name="states", daemon=True)
        self._thread.start()

    def _work(self) -> bool:
        began, start = time.time_ns(), time.perf_counter()
        done = self.run_once()
        if done:
            self._on_turn(Turn(began, time.perf_counter() - start, done))
            self._on_settled()
        return self._shift.is_more

    def stop(self) -> None:
        """End the thread after the transaction that is under way."""
        self._wakes.end()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """There are new events; from any thread."""
        self._wakes.wake()

    @property
    def rules(self) -> Rules:
        """The rules of the moment."""
        return self._rules()

    @property
    def version(self) -> int:
        """Up to which version the events have been followed."""
        return self._version

    @property
    def lag(self) -> int:
        """How many versions the states are behind the events.

        At 0 every change has been looked at; streams of very many events, and those that others have woken,
        may have their turn yet, see `Backlog`.
        """
        return max(0, self._events.head().version - self._version)

    @property
    def failures(self) -> int:
        """How often a stream could not be judged since the start."""
        return self._shift.failures

    @property
    def errors(self) -> int:
        """How often the following had to begin anew, as a store failed."""
        return 0 if self._loop is None else self._loop.errors

    @property
    def broken(self) -> StoreCorruption | None:
        """What ended the following for good, if something did."""
        return None if self._loop is None else self._loop.broken


def _in_words(rules: Rules) -> str:
    """All of the rules but the time."""
    return f"{rules.profile.value} {rules.tie_break.value} grace {rules.grace} skew {rules.skew}"


def _nothing(_turn: object = None) -> None:
    """Do nothing."""
