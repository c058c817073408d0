"""Checking many events at once: Python prepares, a few threads check the signatures (design.md section 5).

The libraries behind `signatures` let go of the interpreter lock, so threads use all cores for what costs
most. Order and answers are those of `intake.check_raw`, one by one.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain as chain_lists
from types import TracebackType
from typing import Final, Self, TypeAlias

from ceramic_protocol.events import Event, InvalidEvent
from ceramic_protocol.intake import decode_item
from ceramic_protocol.ports import Chain, SourceItem
from ceramic_protocol.signatures import verify as verify_signature
from ceramic_protocol.verify import CheckedEvent, SignatureCheck, signature_check, verify_event

Checked: TypeAlias = CheckedEvent | InvalidEvent

_CHUNK: Final = 128
"""Signatures that a thread checks at a stretch."""

_SWITCH_SECONDS: Final = 0.0001
"""How long a thread may have to wait for the interpreter while another one prepares (Python's default: 5 ms).

A signature takes 40 µs, so threads that wait for milliseconds between two of them gain nothing."""


class SignaturePool:
    """Threads that check signatures; a context manager, for one batch at a time.

    Args:
        threads: how many; by default one per core, at most four.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._pool: ThreadPoolExecutor | None = None
        self._interval = 0.0

    def __enter__(self) -> Self:
        """Start the threads."""
        self._pool = ThreadPoolExecutor(self._threads, "signatures")
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._interval, _SWITCH_SECONDS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the threads."""
        sys.setswitchinterval(self._interval)
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def check_batch(self, items: Sequence[SourceItem], chain: Chain) -> list[Checked]:
        """What is to be said of each item, in order; a damaged stretch is an `InvalidEvent`."""
        return _Batch(items, self._started()).finish(chain)

    def check_batches(
        self, batches: Iterable[Sequence[SourceItem]], chain: Chain
    ) -> Iterator[tuple[Sequence[SourceItem], list[Checked]]]:
        """Batches with their answers; the next one is prepared while signatures are being checked."""
        pool = self._started()
        waiting: deque[_Batch] = deque()
        for items in batches:
            waiting.append(_Batch(items, pool))
            if len(waiting) > 1:
                batch = waiting.popleft()
                yield batch.items, batch.finish(chain)
        while waiting:
            batch = waiting.popleft()
            yield batch.items, batch.finish(chain)

    def _started(self) -> ThreadPoolExecutor:
        if self._pool is None:
            msg = "use the pool as a context manager"
            raise RuntimeError(msg)
        return self._pool


class _Batch:
    """A batch whose signatures are being checked."""

    def __init__(self, items: Sequence[SourceItem], pool: ThreadPoolExecutor) -> None:
        self.items = items
        self._decoded: list[tuple[Event | InvalidEvent, bool]] = []
        self._asked: list[Future[list[bool]]] = []
        checks: list[SignatureCheck] = []
        for item in items:
            event = decode_item(item)
            check = None if isinstance(event, InvalidEvent) else signature_check(event)
            self._decoded.append((event, check is not None))
            if check is not None:
                checks.append(check)
            if len(checks) == _CHUNK:
                self._asked.append(pool.submit(_verify_all, checks))
                checks = []
        if checks:
            self._asked.append(pool.submit(_verify_all, checks))

    def finish(self, chain: Chain) -> list[Checked]:
        answers = chain_lists.from_iterable(future.result() for future in self._asked)
        return [
            event
            if isinstance(event, InvalidEvent)
            else verify_event(event, chain, next(answers) if asked else None)
            for event, asked in self._decoded
        ]


def _verify_all(checks: list[SignatureCheck]) -> list[bool]:
    return [verify_signature(*check) for check in checks]
