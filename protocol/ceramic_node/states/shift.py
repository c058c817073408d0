"""What a follower does in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator
from enum import Enum, auto
from time import monotonic
from typing import Final, NamedTuple, TypeAlias

from ceramic_node.states.judging import FATAL, HalfWritten, Judging, TooLong
from ceramic_node.states.live_cache import LiveCache
from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import StreamRow, storable
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import (
    MAX_LOGGED_FAILURES,
    MAX_STATE_UNIT,
    MAX_TOLD_CHARS,
    STATE_UNIT_SECONDS,
)
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader

_log = logging.getLogger(__name__)
_BEHIND: Final = 10
"""How many times as long a transaction takes while there are more changes than fit into one."""

_AHEAD: Final = 128
"""Streams of which everything is read at once."""

_SMALL: Final = 16
"""Woken streams that are taken at a time: all that are taken have to be judged."""

_Steps: TypeAlias = Generator[None, None, bool]


class _Parked(NamedTuple):
    """A stream whose judging pauses, and what has come for which it waited."""

    stream: Cid
    steps: _Steps
    targets: set[Cid]


class _Went(Enum):
    DONE = auto()
    PAUSED = auto()
    AGAIN = auto()


class Shift:
    """The work, and what is remembered of it from one transaction to the next.

    Attributes:
        failures: how many streams could not be judged, each as often as that was tried.
        is_more: whether the last transaction has left something undone.
    """

    def __init__(
        self,
        events: EventReader,
        cache: LiveCache,
        *,
        unit: int = MAX_STATE_UNIT,
        seconds: float = STATE_UNIT_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Say of what.

        Args:
            events: the events.
            cache: where streams are kept in memory.
            unit: how many events of a stream are judged or written at a stretch.
            seconds: how long each kind of work may go on in one transaction.
            clock: measures that.
        """
        self.failures = 0
        self.is_more = False
        self._events: Final = events
        self._judging: Final = Judging(events, cache, self._judge_model, unit=unit)
        self._seconds: Final = seconds
        self._clock: Final = clock
        self._deferred: dict[Cid, None] | None = None
        self._parked: _Parked | None = None
        self._spoilt: dict[Cid, Exception] = {}

    def begin(self, writer: StateWriter, rules: Rules) -> None:
        """Go on within this transaction, under these rules."""
        self._judging.begin(writer, rules)
        self.is_more = False
        self._writer = writer
        self._at = rules.at
        if self._deferred is None:
            self._deferred = dict.fromkeys(writer.deferred())

    def reset(self, spoilt: HalfWritten | None = None) -> None:
        """Forget what a transaction has done that was taken back, and whose fault it was."""
        self._judging.reset()
        self.is_more = True
        self._parked = None
        self._deferred = None
        if spoilt is not None:
            self._spoilt[spoilt.stream] = spoilt.error

    def changed(self, limit: int) -> int:
        """Judge streams whose events have changed; gives how many."""
        found = self._events.changed(self._writer.head.version, limit)
        # Whoever is far behind gains more from large transactions than from being seen soon.
        until = self._clock() + self._seconds * (_BEHIND if len(found) == limit else 1)
        for done, (stream, version) in enumerate(found):
            if done % _AHEAD == 0:
                self._judging.read_ahead([each for each, _version in found[done : done + _AHEAD]])
            self._work(stream, version=version)
            self._writer.move_to(version=version)
            if self._clock() > until:
                self.is_more = True
                return done + 1
        self.is_more |= len(found) == limit
        return len(found)

    def due(self, limit: int) -> int:
        """Judge streams for which the time has come; gives how many."""
        until, done = self._clock() + self._seconds, 0
        found = self._writer.due(self._at, limit)
        self.is_more |= len(found) == limit
        for stream in found:
            if stream not in self._waiting:
                self._work(stream)
                done += 1
            if self._clock() > until:
                self.is_more = True
                break
        return done

    def woken(self, limit: int) -> int:
        """Judge streams whose waiting is over; gives how many."""
        until, done = self._clock() + self._seconds, 0
        while done < limit:
            found = self._writer.take_woken(min(_SMALL, limit - done))
            if not found:
                return done
            for stream, targets in found:
                self._work(stream, targets)
            done += len(found)
            if self._clock() > until:
                break
        self.is_more = True
        return done

    def long(self) -> int:
        """Go on with the stream that is judged piece by piece; gives 1, or 0 if there is none."""
        if self._parked is None and self._waiting:
            self._judging.moved.clear()
            stream = next(iter(self._waiting))
            self._parked = _Parked(stream, self._judging.judge(stream, is_long=True), set())
        if self._parked is None:
            return 0
        self.is_more = True
        stream, steps, targets = self._parked
        went = self._step(stream, steps, 0)
        if went is not _Went.PAUSED:
            self._parked = None
        if went is _Went.DONE:
            self._writer.settle(stream)
            del self._waiting[stream]
            # What has happened to it meanwhile.
            self._work(stream, targets)
        return 1

    def defer(self, stream: Cid) -> None:
        """Let a stream be judged piece by piece, when there is time for it."""
        self._writer.defer(stream)
        self._waiting[stream] = None

    @property
    def _waiting(self) -> dict[Cid, None]:
        if self._deferred is None:
            raise AssertionError("no transaction has begun")
        return self._deferred

    def _work(self, stream: Cid, targets: Collection[Cid] = (), *, version: int = 0) -> None:
        if stream in self._waiting:
            if self._parked is not None and self._parked.stream == stream:
                self._parked.targets.update(targets)
            return
        steps = self._judging.judge(stream, targets, version=version)
        went = self._step(stream, steps, version)
        if went is _Went.DONE:
            return
        self.defer(stream)
        if went is _Went.PAUSED and self._parked is None:
            self._parked = _Parked(stream, steps, set())

    def _judge_model(self, model: Cid, depth: int) -> None:
        """Judge a model at once for a stream that needs it, unless it is too long for that."""
        if model not in self._waiting:
            went = self._step(model, self._judging.judge(model, depth=depth), 0, pauses=False)
            if went is not _Went.DONE:
                self.defer(model)

    def _step(self, stream: Cid, steps: _Steps, version: int, *, pauses: bool = True) -> _Went:
        """Go on with a stream for a while; what is wrong with it alone stays with it."""
        until = self._clock() + self._seconds
        if stream in self._spoilt:
            self._fail(stream, self._spoilt.pop(stream), version)
            return _Went.DONE
        try:
            while True:
                next(steps)
                if pauses and self._clock() > until:
                    return _Went.PAUSED
        except StopIteration as stop:
            return _Went.AGAIN if stop.value else _Went.DONE
        except TooLong:
            return _Went.AGAIN
        except (*FATAL, HalfWritten):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other streams go on
            self._fail(stream, error, version)
            return _Went.DONE

    def _fail(self, stream: Cid, error: Exception, version: int) -> None:
        """Note that a stream can't be judged; what was kept of it stays, until more of its events come."""
        self.failures += 1
        if self.failures <= MAX_LOGGED_FAILURES:
            _log.error("stream %s can't be judged", stream, exc_info=error)
        row = self._writer.stream(stream) or StreamRow(0, stream, 0)
        entry = self._events.entry(stream)
        version = max(version, row.version, 0 if entry is None else entry.version)
        why = storable(f"{type(error).__name__}: {error}"[:MAX_TOLD_CHARS])
        number = self._writer.draw()
        self._writer.put_stream(row._replace(number=number, version=version, failed=why, turns_at=None))
