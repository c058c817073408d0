"""Checking many events at once, with a few threads (design.md section 5).

The libraries behind `signatures` let go of the interpreter lock, so that one thread can decode while another
one checks a signature. Whoever asks is one of the threads: there are no more of them than cores then, and
hardly any waits for the lock. Order and answers are those of `Verifier.check`, one by one.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self, TypeAlias, TypeVar

from ceramic_protocol.garbage import COLLECTING_LESS
from ceramic_protocol.ports import SourceItem
from ceramic_protocol.verify import Checked, Inspected, Verifier

_T = TypeVar("_T")
_Check: TypeAlias = Callable[[Sequence[_T]], list[Inspected]]

_CHUNK: Final = 8
"""Events that a thread takes at a time."""

_FEW: Final = 32
"""Events that are not worth a switch to another thread and back."""


class SignaturePool:
    """Threads that check events; a context manager, used from one thread, which is the first of them.

    Args:
        threads: how many; by default one per core, but four at most, for Python's part runs in one of them.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._helpers = (threads or min(4, os.cpu_count() or 1)) - 1
        self._pool: ThreadPoolExecutor | None = None
        self._is_entered = False

    def __enter__(self) -> Self:
        """Start the threads."""
        if self._helpers:
            self._pool = ThreadPoolExecutor(self._helpers, "signatures")
        self._is_entered = True
        COLLECTING_LESS.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the threads."""
        COLLECTING_LESS.__exit__(None, None, None)
        self._is_entered = False
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def verify_batch(self, items: Sequence[SourceItem], verifier: Verifier) -> list[Checked]:
        """What is to be said of each item, in order."""
        return [inspected.checked for inspected in self.inspect_batch(items, verifier)]

    def inspect_batch(self, items: Sequence[SourceItem], verifier: Verifier) -> list[Inspected]:
        """The same, with what was decoded."""
        return self._begin(items, verifier).answers()

    def verify_batches(
        self, batches: Iterable[Sequence[SourceItem]], verifier: Verifier
    ) -> Iterator[tuple[Sequence[SourceItem], list[Checked]]]:
        """Batches with their answers; the threads are on the next one while the caller uses the last."""
        running: deque[Running] = deque()
        for items in batches:
            running.append(self._begin(items, verifier))
            if len(running) > 1:
                yield _with_verdicts(running.popleft())
        while running:
            yield _with_verdicts(running.popleft())

    def begin(self, items: Sequence[SourceItem], verifier: Verifier) -> Running:
        """Decode items and have the threads check their signatures, for answers that are asked for later.

        For those who work on values meanwhile: who decodes needs the lock as they do, and all would wait.
        """
        return self._start(items, verifier.decode_all(items), verifier.inspect_decoded)

    def _begin(self, items: Sequence[SourceItem], verifier: Verifier) -> Running:
        """For those who only want the answers: one thread decodes while another one checks a signature."""
        if verifier.asks_at_once:
            return self.begin(items, verifier)
        return self._start(items, items, verifier.inspect_all)

    def _start(self, items: Sequence[SourceItem], parts: Sequence[_T], check: _Check[_T]) -> Running:
        if not self._is_entered:
            msg = "use the pool as a context manager"
            raise RuntimeError(msg)
        running = Running(items, lambda start: check(parts[start : start + _CHUNK]))
        if self._pool is not None and len(items) > _FEW:
            running.share(self._pool, self._helpers)
        return running


class Running:
    """A batch that threads are working on."""

    def __init__(self, items: Sequence[SourceItem], check_from: Callable[[int], list[Inspected]]) -> None:
        self.items = items
        self._check_from = check_from
        self._found: list[Inspected] = [None] * len(items)  # type: ignore[list-item]  # until they are checked
        self._left = deque(range(0, len(items), _CHUNK))
        self._helpers: list[Future[None]] = []

    def share(self, pool: ThreadPoolExecutor, helpers: int) -> None:
        """Let others begin."""
        self._helpers = [pool.submit(self._check) for _ in range(helpers)]

    def answers(self) -> list[Inspected]:
        """What is to be said of each item, in order; checks what nobody has begun with."""
        self._check()
        for helper in self._helpers:
            helper.result()
        return self._found

    def _check(self) -> None:
        while self._left:
            try:
                start = self._left.popleft()
            except IndexError:
                return
            self._found[start : start + _CHUNK] = self._check_from(start)


def _with_verdicts(running: Running) -> tuple[Sequence[SourceItem], list[Checked]]:
    return running.items, [inspected.checked for inspected in running.answers()]
