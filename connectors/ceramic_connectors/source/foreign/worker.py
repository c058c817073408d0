"""A process that verifies events of others: what it runs, and the handle on it."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection

from ceramic_connectors.source.foreign.client import Row
from ceramic_connectors.source.foreign.inspecting import Found, Inspector
from ceramic_connectors.source.foreign.threads import later
from ceramic_protocol.garbage import collect_less
from ceramic_protocol.limits import FOREIGN_CHUNK_SECONDS, FOREIGN_JOIN_SECONDS


class WorkerDiedError(Exception):
    """A process has ended; whoever uses it takes another one."""


class Worker:
    """A process that verifies one chunk at a time."""

    def __init__(self, inspector: Inspector) -> None:
        """Start it; it ends by itself when this process is gone."""
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(inspector, theirs), name="verify", daemon=True)
        self._process.start()
        # Else it would stay open here, and the end of the process go unnoticed.
        theirs.close()
        self._deadline = 0.0
        self._answer: Future[list[tuple[object, ...]] | str] | None = None

    @property
    def pid(self) -> int | None:
        """Number of the process."""
        return self._process.pid

    @property
    def is_late(self) -> bool:
        """Whether it takes too long for its chunk."""
        return time.monotonic() > self._deadline

    def give(self, rows: Sequence[Row]) -> Future[list[tuple[object, ...]] | str]:
        """Hand it a chunk, and wait for nothing: what is given back is done when `take` has something."""
        self._deadline = time.monotonic() + FOREIGN_CHUNK_SECONDS
        self._answer = later(lambda: self._exchange(rows), "verify")
        return self._answer

    def take(self) -> list[Found] | str:
        """What it has found; a text if it failed.

        Raises:
            WorkerDiedError: it has ended.
        """
        answer, self._answer = self._answer, None
        assert answer is not None  # noqa: S101  # whoever takes has given
        try:
            found = answer.result()
        except (EOFError, OSError) as error:
            raise WorkerDiedError(self.end()) from error
        return found if isinstance(found, str) else [Found._make(each) for each in found]

    def end(self) -> str:
        """End it, whatever it does; gives how it has ended, in words."""
        is_busy = self._answer is not None and not self._answer.done()
        if is_busy:
            # That ends the exchange as well.
            self._process.kill()
            with suppress(Exception):
                self._answer.exception(FOREIGN_JOIN_SECONDS)  # type: ignore[union-attr]
        self._line.close()
        self._process.join(FOREIGN_JOIN_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(FOREIGN_JOIN_SECONDS)
        if is_busy and self.is_late:
            return f"took more than {FOREIGN_CHUNK_SECONDS:g} s"
        return f"ended with code {self._process.exitcode}"

    def _exchange(self, rows: Sequence[Row]) -> list[tuple[object, ...]] | str:
        self._line.send([tuple(row) for row in rows])
        found: list[tuple[object, ...]] | str = self._line.recv()
        return found


def _work(inspector: Inspector, line: Connection) -> None:
    """Verify what comes until the other side is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the process that began it ends it
    collect_less()
    with line, suppress(EOFError, OSError):
        while True:
            rows = [Row._make(each) for each in line.recv()]
            line.send(_inspected(inspector, rows))


def _inspected(inspector: Inspector, rows: Sequence[Row]) -> list[tuple[object, ...]] | str:
    try:
        return [tuple(found) for found in inspector.inspect(rows)]
    except Exception as error:  # noqa: BLE001  # the source has to know, and the process to go on
        return f"{type(error).__name__}: {error}"
