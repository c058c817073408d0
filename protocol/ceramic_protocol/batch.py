"""Checking many events at once, in a small pool of threads (design.md section 5).

The libraries behind `signatures` let go of the interpreter lock, so that one thread can decode while another
one checks a signature. Order and answers are those of `Verifier.check`, one by one.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Final, Generic, Self, TypeAlias, TypeVar

from ceramic_protocol.garbage import COLLECTING_LESS
from ceramic_protocol.ports import SourceItem
from ceramic_protocol.verify import Checked, Inspected, Verifier

_T = TypeVar("_T")
_Work: TypeAlias = Callable[[Sequence[SourceItem]], list[_T]]

_CHUNK: Final = 256
"""Items that a thread takes at a time."""

_FEW: Final = 32
"""Items that are not worth a switch to another thread and back."""

_SWITCH_SECONDS: Final = 0.0001
"""How long a thread may have to wait for the interpreter (Python's default: 5 ms).

Decoding takes 20 µs and a signature 40; threads that wait for milliseconds between the two gain nothing."""


class _Interval:
    """Python's switch interval, short as long as any pool is at work."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before = 0.0

    def shorten(self) -> None:
        with self._lock:
            if self._users == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._before, _SWITCH_SECONDS))
            self._users += 1

    def restore(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                sys.setswitchinterval(self._before)


_INTERVAL: Final = _Interval()


class SignaturePool:
    """Threads that check events; a context manager, used from one thread.

    Args:
        threads: how many; by default one per core, but four at most, for Python's part runs in one of them.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Start the threads."""
        self._pool = ThreadPoolExecutor(self._threads, "signatures")
        _INTERVAL.shorten()
        COLLECTING_LESS.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the threads."""
        COLLECTING_LESS.__exit__(None, None, None)
        _INTERVAL.restore()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def verify_batch(self, items: Sequence[SourceItem], verifier: Verifier) -> list[Checked]:
        """What is to be said of each item, in order."""
        return self._run(items, verifier.check_all)

    def inspect_batch(self, items: Sequence[SourceItem], verifier: Verifier) -> list[Inspected]:
        """The same, with what was decoded."""
        return self._run(items, verifier.inspect_all)

    def verify_batches(
        self, batches: Iterable[Sequence[SourceItem]], verifier: Verifier
    ) -> Iterator[tuple[Sequence[SourceItem], list[Checked]]]:
        """Batches with their answers; the threads are on the next one while the caller uses the last."""
        running: deque[Running[Checked]] = deque()
        for items in batches:
            running.append(self._start(items, verifier.check_all))
            if len(running) > 1:
                yield running[0].items, running.popleft().answers()
        while running:
            yield running[0].items, running.popleft().answers()

    def begin(self, items: Sequence[SourceItem], verifier: Verifier) -> Running[Inspected]:
        """Have the threads check items, for answers that are asked for later."""
        return self._start(items, verifier.inspect_all)

    def _run(self, items: Sequence[SourceItem], work: _Work[_T]) -> list[_T]:
        return work(items) if self._pool and len(items) <= _FEW else self._start(items, work).answers()

    def _start(self, items: Sequence[SourceItem], work: _Work[_T]) -> Running[_T]:
        if self._pool is None:
            msg = "use the pool as a context manager"
            raise RuntimeError(msg)
        chunks = (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
        return Running(items, [self._pool.submit(work, chunk) for chunk in chunks])


@dataclass(frozen=True, slots=True)
class Running(Generic[_T]):
    """A batch that the threads are working on."""

    items: Sequence[SourceItem]
    chunks: list[Future[list[_T]]]

    def answers(self) -> list[_T]:
        """What is to be said of each item, in order, when that is known."""
        return [answer for chunk in self.chunks for answer in chunk.result()]
