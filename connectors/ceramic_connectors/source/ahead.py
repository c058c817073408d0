"""Getting the next item ready while whoever has the last one waits for others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final, TypeVar

from ceramic_protocol.limits import SOURCE_TICK_SECONDS

_T = TypeVar("_T")
_JOIN_SECONDS: Final = 5.0


class _End:
    """No more items; why, if it is an error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Turns:
    """Whose turn it is: two threads that compute at the same time are in each other's way."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._free = threading.Event()
        self._free.set()

    def wait(self) -> bool:
        """Wait for a turn to make items; False if nobody wants any."""
        while not self._free.wait(SOURCE_TICK_SECONDS):
            if self._over.is_set():
                return False
        return not self._over.is_set()

    def handed_over(self, parts: Iterable[_T]) -> Iterator[_T]:
        """The parts of an item; when the last one has been taken, it is time for the next item."""
        self._free.clear()
        return self._handed_over(parts)

    def end(self) -> None:
        """Nobody wants any more."""
        self._over.set()

    @property
    def is_over(self) -> bool:
        """Whether nobody wants any more."""
        return self._over.is_set()

    def _handed_over(self, parts: Iterable[_T]) -> Iterator[_T]:
        yield from parts
        self._free.set()


def one_ahead(make: Callable[[Turns], Iterator[_T]]) -> Generator[_T, None, None]:
    """The items of an iterator that runs in a thread of its own, one ahead of what is taken.

    Args:
        make: gives the iterator, made and used in that thread alone. Between items it has to ask whether
            it is its turn.
    """
    items: queue.Queue[_T | _End] = queue.Queue(1)
    turns = Turns()

    def run() -> None:
        try:
            for item in make(turns):
                if not _put(items, item, turns):
                    return
            _put(items, _End(), turns)
        except BaseException as error:  # noqa: BLE001  # raised where items are taken
            _put(items, _End(error), turns)

    thread = threading.Thread(target=run, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        turns.end()
        thread.join(_JOIN_SECONDS)


def _put(items: queue.Queue[_T | _End], item: _T | _End, turns: Turns) -> bool:
    """Whether it was put, rather than that nobody wants it."""
    while not turns.is_over:
        try:
            items.put(item, timeout=SOURCE_TICK_SECONDS)
        except queue.Full:
            continue
        return True
    return False
