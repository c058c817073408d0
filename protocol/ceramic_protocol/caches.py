"""A small memory of answers that are asked for again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class BoundedCache(Generic[_Key, _Value]):
    """Keeps the answers that were used last, up to a number of them and a weight of all. For several threads.

    `functools.lru_cache` can't leave an argument out of its key, forget what it should not keep, or weigh.
    """

    def __init__(self, limit: int, max_weight: int = 0) -> None:
        self._limit = limit
        self._max_weight = max_weight
        self._weight = 0
        self._lock = Lock()
        self._values: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: _Key) -> _Value | None:
        """The answer, if it is there."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: _Key, value: _Value, weight: int = 0) -> None:
        """Remember an answer, and forget those that were not used for longest if it gets too much."""
        with self._lock:
            _old, old_weight = self._values.pop(key, (None, 0))
            self._values[key] = value, weight
            self._weight += weight - old_weight
            while len(self._values) > self._limit or self._weight > self._max_weight:
                _key, (_value, lost) = self._values.popitem(last=False)
                self._weight -= lost

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._weight = 0
