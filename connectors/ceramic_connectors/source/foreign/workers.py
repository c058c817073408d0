"""Several processes that verify events of others, and are kept until the source ends."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Final, Self

from ceramic_connectors.source.foreign.client import Row
from ceramic_connectors.source.foreign.inspecting import Found, Inspector
from ceramic_connectors.source.foreign.worker import Worker, WorkerDiedError
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import (
    MAX_FOREIGN_CHUNK,
    MAX_FOREIGN_DEATHS,
    MAX_FOREIGN_WORKERS,
    MAX_TOLD_CHARS,
    SOURCE_TICK_SECONDS,
)
from ceramic_protocol.plain_text import plain
from ceramic_protocol.profiles.profile import Profile

DEFAULT_WORKERS: Final = 2


class Workers:
    """Processes that are started when there is something to do; for several threads, one after the other."""

    def __init__(
        self,
        inspector: Inspector,
        count: int = DEFAULT_WORKERS,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start nothing yet.

        Args:
            inspector: what they do.
            count: how many there are.
            tell: is told when one of them has ended and another one takes its place.

        Raises:
            UsageError: so many there can't be.
        """
        if not 1 <= count <= MAX_FOREIGN_WORKERS:
            raise UsageError(f"{count} processes that verify; give 1 to {MAX_FOREIGN_WORKERS}")
        self._inspector: Final = inspector
        self.count: Final = count
        self.tell: Final = tell
        self.idle: Final[list[Worker]] = []
        self._lock: Final = threading.Lock()
        self._closing: Final = threading.Event()

    def inspect(self, rows: Sequence[Row]) -> list[Found]:
        """What each event is, in order.

        Raises:
            OutsideError: they end over it again and again, or were closed.
        """
        with self._lock:
            if not rows:
                return []
            return _Round(self, rows).run()

    def close(self) -> None:
        """End them; twice is as good as once."""
        self._closing.set()
        with self._lock:
            while self.idle:
                self.idle.pop().end()

    @property
    def profile(self) -> Profile:
        """Whose rules on accounts they go by."""
        return self._inspector.verifier.profile

    def one(self) -> Worker:
        """One that has nothing to do."""
        return self.idle.pop() if self.idle else Worker(self._inspector)

    def check(self) -> None:
        """See to it that they are still wanted.

        Raises:
            OutsideError: they were closed.
        """
        if self._closing.is_set():
            raise OutsideError("the source is ending")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class _Round:
    """One page, divided among the processes. Each has one chunk at a time, so that none waits to be heard."""

    def __init__(self, pool: Workers, rows: Sequence[Row]) -> None:
        size = max(1, min(MAX_FOREIGN_CHUNK, -(-len(rows) // pool.count)))
        self._pool = pool
        self._chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
        self._waiting = deque(range(len(self._chunks)))
        self._deaths = [0] * len(self._chunks)
        self._found: list[list[Found]] = [[] for _ in self._chunks]
        self._busy: dict[Future[Any], tuple[Worker, int]] = {}

    def run(self) -> list[Found]:
        try:
            while self._waiting or self._busy:
                self._pool.check()
                self._hand_out()
                self._collect()
        except BaseException:
            # They would answer to the next one what this one had asked.
            for worker, _ in self._busy.values():
                worker.end()
            raise
        return [found for chunk in self._found for found in chunk]

    def _hand_out(self) -> None:
        while self._waiting and len(self._busy) < self._pool.count:
            worker, number = self._pool.one(), self._waiting.popleft()
            self._busy[worker.give(self._chunks[number])] = (worker, number)

    def _collect(self) -> None:
        done, _ = wait(self._busy, SOURCE_TICK_SECONDS, FIRST_COMPLETED)
        for answer in done:
            worker, number = self._busy.pop(answer)
            try:
                found = worker.take()
            except WorkerDiedError as error:
                self._lost(number, str(error))
                continue
            self._pool.idle.append(worker)
            if isinstance(found, str):
                raise OutsideError(f"verifying failed: {found}")
            self._found[number] = found
        for answer, (worker, number) in list(self._busy.items()):
            if worker.is_late:
                del self._busy[answer]
                self._lost(number, worker.end())

    def _lost(self, number: int, how: str) -> None:
        self._deaths[number] += 1
        if self._deaths[number] >= MAX_FOREIGN_DEATHS:
            first = plain(self._chunks[number][0].cid, MAX_TOLD_CHARS)
            raise OutsideError(
                f"{MAX_FOREIGN_DEATHS} processes that verify have ended over the same"
                f" {len(self._chunks[number])} events from {first} on; the last one {how}"
            )
        self._waiting.append(number)
        self._pool.tell(f"a process that verifies {how}; another one takes its place")
