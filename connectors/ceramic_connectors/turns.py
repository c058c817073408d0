"""Threads that want the same thing: one of them gets it, the others wait and find it done."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Turns(Generic[K]):
    """Locks by key, each there as long as somebody holds it or waits for it. None may be taken twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[K, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, key: K) -> Iterator[None]:
        """A block that only one thread at a time runs for a key; look first whether another one is done."""
        with self._lock:
            turn, number = self._waiting.get(key) or (threading.Lock(), 0)
            self._waiting[key] = turn, number + 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                _turn, number = self._waiting.pop(key)
                if number > 1:
                    self._waiting[key] = turn, number - 1
