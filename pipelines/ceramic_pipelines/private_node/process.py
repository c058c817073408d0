"""A process that works for a source and ends with it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self

from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import (
    PRIVATE_NODE_POLL_SECONDS,
    PRIVATE_NODE_START_SECONDS,
    PRIVATE_NODE_STOP_SECONDS,
)


class Helper:
    """A process with a line to it; when the line ends, it has to end. A context manager.

    However this process ends, the system closes its end of the line.
    """

    def __init__(
        self,
        name: str,
        run: Callable[..., None],
        *args: Any,
        stop_seconds: float = PRIVATE_NODE_STOP_SECONDS,
    ) -> None:
        """Start it.

        Args:
            name: what it is, for messages.
            run: what it does; called with `args` and its end of the line, there.
            args: can be pickled.
            stop_seconds: how long it may take to end, before it is killed.
        """
        self._name: Final = name
        self._stop_seconds: Final = stop_seconds
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process: Final = context.Process(target=run, args=(*args, theirs), name=name)
        self._process.start()
        theirs.close()

    def heard(self, seconds: float) -> Any:
        """What it says within so many seconds; None for nothing.

        Raises:
            CeramicError: that is an error, and ends it.
            OutsideError: it has died.
        """
        try:
            found = self._line.recv() if self._line.poll(seconds) else None
        except (EOFError, OSError):
            raise OutsideError(f"{self._name} has died; start the source again") from None
        if isinstance(found, Exception):
            raise found
        return found

    def first_heard(self, is_stopping: Callable[[], bool]) -> Any:
        """What it says first; None if it is stopped before. See `heard` for errors."""
        until = time.monotonic() + PRIVATE_NODE_START_SECONDS
        while not is_stopping():
            found = self.heard(PRIVATE_NODE_POLL_SECONDS)
            if found is not None:
                return found
            if time.monotonic() > until:
                raise OutsideError(f"{self._name} doesn't begin; start the source again")
        return None

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.join(self._stop_seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.close()


def has_ended(line: Connection) -> bool:
    """Whether the other end of a helper's line is gone; in the helper."""
    return line.poll()
