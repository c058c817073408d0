"""A query while it runs: how long it works, and who ends it if that takes too long or nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import duckdb
import pyarrow as pa

from ceramic_node.sql.failures import SqlStopped, SqlTimeout, SqlTooMuch, SqlWrong, told_by_duckdb
from ceramic_node.sql.resident import Growth
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import MAX_SQL_RESIDENT_BYTES

_LOOK_SECONDS: Final = 0.1
_BUSY_LOOK_SECONDS: Final = 0.01
"""While queries work: memory can grow by gigabytes in a second."""

_OUT_OF_MEMORY: Final = "Out of Memory"


class Execution:
    """A connection that works for one query."""

    def __init__(
        self, connection: Any, seconds: float, whole: float | None, is_cancelled: Callable[[], bool]
    ) -> None:
        """Begin to count.

        Args:
            connection: of the query alone.
            seconds: how long it may work in one piece.
            whole: how long everything may take, None for ever.
            is_cancelled: whether nobody waits for the answer any more.
        """
        self.connection: Final = connection
        self._seconds: Final = seconds
        self._until: Final = None if whole is None else time.monotonic() + whole
        self._is_cancelled: Final = is_cancelled
        self._lock: Final = threading.Lock()
        self._worked = 0.0
        self._since: float | None = None
        self._ended: CeramicError | None = None
        self._is_closed = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """DuckDB works within, or rows are taken from it.

        Raises:
            CeramicError: it went wrong, or was ended.
        """
        with self._lock:
            self._check()
            self._since = time.monotonic()
            try:
                with told_by_duckdb():
                    yield
            except (duckdb.InterruptException, OSError, pa.ArrowException) as error:
                self._check()
                raise _by_reader(error) from error
            finally:
                self._worked += time.monotonic() - self._since
                self._since = None

    def restart(self) -> None:
        """Begin a new piece."""
        self._worked = 0.0

    def _check(self) -> None:
        if self._ended is not None:
            raise self._ended

    def look(self) -> None:
        """End it if it is time to; called again and again by another thread."""
        if self._ended is None:
            self._ended = self._reason()
        if self._ended is None:
            return
        with suppress(duckdb.Error):
            self.connection.interrupt()
        # If it doesn't work, the client doesn't read: the transaction must not last as long as that does.
        if self._lock.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._lock.release()

    def _reason(self) -> CeramicError | None:
        now, since = time.monotonic(), self._since
        if self._is_cancelled():
            return SqlStopped("nobody waits for the answer")
        if self._worked + (0.0 if since is None else now - since) > self._seconds:
            return SqlTimeout(f"the query took longer than {self._seconds:g} s: narrow it")
        if self._until is not None and now > self._until:
            return SqlTimeout("the answer wasn't read in time: narrow the query, or read faster")
        return None

    @property
    def is_working(self) -> bool:
        """Whether DuckDB works for it at this moment."""
        return self._since is not None

    def stop(self) -> None:
        """End it, as the node stops."""
        self.end(SqlStopped("the node stops"))

    def end(self, reason: CeramicError) -> None:
        """End it at the next look, unless it has been ended."""
        if self._ended is None:
            self._ended = reason

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            with suppress(duckdb.Error):
                self.connection.close()


def _by_reader(error: Exception) -> CeramicError:
    """An error of DuckDB that came through Arrow, as text."""
    text = str(error).strip().split("\n", 1)[0]
    if _OUT_OF_MEMORY in text:
        return SqlTooMuch("this takes more memory than it may: narrow the query")
    return SqlWrong(text.split(". Detail:", 1)[0])


class Watch:
    """Looks at all executions, in a thread of its own."""

    def __init__(self, most: int = MAX_SQL_RESIDENT_BYTES) -> None:
        """Begin; `most` is how many bytes the process may grow by while executions work."""
        self._most = most
        self._growth = Growth()
        self._lock = threading.Lock()
        self._running: set[Execution] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sql-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self, execution: Execution) -> Iterator[Execution]:
        """Watch an execution within, and let go of its connection behind."""
        with self._lock:
            if not self._running:
                # What the one before has taken and the system not yet had back isn't this one's fault.
                self._growth.look(is_busy=False)
            self._running.add(execution)
        try:
            yield execution
        finally:
            # Behind this nobody asks any more whether the call was cancelled, which its end makes unsafe.
            with self._lock:
                self._running.discard(execution)
            execution.close()

    def _run(self) -> None:
        seconds = _LOOK_SECONDS
        while not self._stopping.wait(seconds):
            seconds = _BUSY_LOOK_SECONDS if self._look() else _LOOK_SECONDS

    def _look(self) -> bool:
        """Look at each; gives whether any works."""
        with self._lock:
            working = [execution for execution in self._running if execution.is_working]
            if self._growth.look(is_busy=bool(working)) > self._most:
                # Whose values they are can't be told, and the node must not end for one of them.
                for execution in working:
                    execution.end(SqlTooMuch("this takes more memory than it may: narrow the query"))
            for execution in self._running:
                execution.look()
            return bool(working)

    def stop(self) -> None:
        """End all that run, and go on looking until they have ended; a second time does nothing."""
        until = time.monotonic() + 10.0
        while time.monotonic() < until:
            with self._lock:
                for execution in self._running:
                    execution.stop()
                if not self._running:
                    break
            time.sleep(_LOOK_SECONDS / 2)
        self._stopping.set()
        self._thread.join()
